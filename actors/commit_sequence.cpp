#include "actors/commit_sequence.hpp"

#include "engine/base/planted_bug.hpp"
#include "engine/format/object_name.hpp"

#include <algorithm>

namespace varve {
namespace {

using verb = commit_operation::verb;

constexpr unsigned failed_proofs_max = 3; // in a row, of the same newest commit
constexpr unsigned removes_a_turn = 2;    // more than one, so that a pass gains on those who commit meanwhile

} // namespace

commit_sequence::commit_sequence(tenant_id tenant, const random_id& archive, const random_id& writer,
                                 commit_seq begin_at)
    : tenant_(tenant), archive_(archive), writer_(writer), begin_at_(begin_at) {}

bool commit_sequence::owns() const {
  return state_ >= state::owner && state_ < state::fenced;
}

commit_sequence::step commit_sequence::take(commit_record first, unix_ns now, bool give_up_lost) {
  first_ = std::move(first);
  give_up_lost_ = give_up_lost;
  now_ = now;
  return go(state::listing, verb::list, {});
}

commit_sequence::step commit_sequence::commit(commit_record record, unix_ns now) {
  now_ = now;
  next_ = std::move(record);
  next_.seq = commit_seq{last_.seq.value + 1};
  next_.predecessor = last_digest_;
  next_.epoch = epoch_;
  VARVE_PLANT(no_predecessor, next_.predecessor = {});
  next_.attempt = 0;
  attempts_.clear();
  state_ = state::committing;
  auto made = create_next();
  // Who is told that log is durable must find it again: what no reader takes is not even sent.
  auto path = to_path(commit_name{tenant_, next_.seq});
  if (auto readable = decode_commit(made.next.content, &archive_, path); !readable.ok())
    return stop(errc::invalid_status, "a commit that could not be read back was to be made: " +
                                          readable.error().message + "; this is a bug in Varve");
  return made;
}

commit_sequence::step commit_sequence::begin_pass() {
  auto newest_before = std::exchange(seen_at_pass_, last_.seq);
  VARVE_PLANT(deleted_at_the_same_pass, newest_before = last_.seq);
  leave_pass_ = false;
  removes_owed_ = 0;
  pass_.clear();
  if (newest_before.value < 3)
    return {{}, event::pass_done, {}};
  pass_limit_ = commit_seq{newest_before.value - 2};
  VARVE_PLANT(newest_commit_deleted, pass_limit_ = newest_before);
  return go(state::pass_listing, verb::list, {});
}

commit_sequence::step commit_sequence::resume_pass() {
  leave_pass_ = false;
  removes_owed_ = removes_a_turn;
  return next_of_pass();
}

commit_sequence::step commit_sequence::answer(const commit_answer& got) {
  if (state_ == state::fenced || state_ == state::stopped)
    return {};
  if (in_pass())
    if (auto failed = failure(got))
      return end_pass(*failed);
  switch (current_.what) {
  case verb::list: {
    auto& listed = std::get<result<std::vector<commit_seq>>>(got);
    if (!listed.ok()) {
      auto repeat = again();
      repeat.why = listed.error();
      return repeat;
    }
    return on_list(*listed);
  }
  case verb::read: {
    auto& read = std::get<result<bytes>>(got);
    VARVE_PLANT(unanswered_look_is_yes, if (!read.ok() && state_ == state::confirming) return counted());
    if (!read.ok() && read.code() != errc::file_not_exist && read.code() != errc::checksum_error) {
      auto repeat = again();
      repeat.why = read.error();
      return repeat;
    }
    return on_read(read);
  }
  case verb::create: {
    auto& created = std::get<status>(got);
    if (!created.ok() && created.code() != errc::already_exists) {
      // A beginning is made where nothing was found: that may have changed.
      bool begins = state_ == state::creating && next_.predecessor.empty();
      auto repeat = begins ? start_over() : create_next();
      repeat.what = event::retry;
      repeat.why = created.error();
      return repeat;
    }
    return on_create(!created.ok());
  }
  case verb::remove:
    if (state_ == state::pass_mark_clearing)
      return create_mark();
    pass_.erase(pass_.begin());
    removes_owed_ -= removes_owed_ > 0 ? 1U : 0U;
    return next_of_pass();
  case verb::none:
    break;
  }
  return {};
}

commit_sequence::step commit_sequence::on_list(const std::vector<commit_seq>& found) {
  switch (state_) {
  case state::listing:
    if (found.empty()) {
      last_ = commit_record{};
      last_.seq = commit_seq{begin_at_.value - 1};
      last_digest_ = {};
      next_ = first_;
      next_.tenant = tenant_;
      next_.seq = begin_at_;
      next_.predecessor = {};
      next_.epoch = epoch{begin_at_.value};
      next_.attempt = 0;
      attempts_.clear();
      state_ = state::creating;
      return create_next();
    }
    last_.seq = found.back();
    return go(state::reading, verb::read, found.back());
  case state::listing_again:
    VARVE_PLANT(taker_does_not_list_again, return took_over());
    if (found.empty() || found.back() != next_.seq)
      return start_over();
    return took_over();
  case state::pass_listing:
    pass_.clear();
    for (auto seq : found)
      if (seq <= pass_limit_)
        pass_.push_back(seq);
    VARVE_PLANT(commits_deleted_out_of_order, std::reverse(pass_.begin(), pass_.end()));
    return next_of_pass();
  default:
    return {}; // no other state asks for a list
  }
}

/// Is `before`, read under the number before that of `of`, what `of` follows? A beginning follows nothing, as
/// long as its mark is not there.
bool commit_sequence::follows(const commit_record& of, const result<bytes>& before) const {
  if (!of.predecessor.empty())
    return before.ok() && digest_of(*before) == of.predecessor;
  if (before.code() == errc::file_not_exist)
    return true;
  return of.seq.value > 1 && !holds_mark(before); // number 0 has never been anything but a mark
}

bool commit_sequence::holds_mark(const result<bytes>& got) const {
  if (!got.ok())
    return false;
  auto decoded = decode_commit(*got, &archive_, "commit");
  return decoded.ok() && decoded->is_mark();
}

bool commit_sequence::ours(bytes_view content) {
  auto found = digest_of(content);
  VARVE_PLANT(ours_by_id, auto x = decode_commit(content, {}, {});
              attempts_.assign(x.ok() && x->writer == writer_, found));
  if (std::find(attempts_.begin(), attempts_.end(), found) == attempts_.end())
    return false;
  counts_ = found;
  return true;
}

commit_sequence::step commit_sequence::on_read(const result<bytes>& got) {
  switch (state_) {
  case state::reading: {
    if (got.code() == errc::file_not_exist)
      return start_over();
    auto path = to_path(commit_name{tenant_, current_.seq});
    if (!got.ok())
      return stop(errc::bytes_missing, got.error().message);
    last_digest_ = digest_of(*got);
    auto decoded = decode_commit(*got, &archive_, path);
    bool damaged =
        decoded.code() == errc::checksum_error ||
        (decoded.ok() && !decoded->is_mark() && (decoded->tenant != tenant_ || decoded->seq != current_.seq));
    if (damaged && give_up_lost_)
      return follow(first_);
    if (damaged)
      return stop(errc::bytes_missing,
                  decoded.ok() ? path + " holds another commit than its name says" : decoded.error().message);
    if (!decoded.ok())
      return stop(decoded.code(), decoded.error().message);
    if (decoded->is_mark())
      return not_proved();
    last_ = std::move(*decoded);
    return go(state::proving, verb::read, commit_seq{last_.seq.value - 1});
  }
  case state::proving:
    if (!follows(last_, got))
      return not_proved();
    failed_proofs_ = 0;
    // A takeover says nothing new: the content of the commit it follows, with a new writer and epoch.
    return follow(last_);
  case state::comparing:
    if (!got.ok() || !ours(*got))
      return start_over();
    return go(state::looking, verb::read, commit_seq{next_.seq.value - 1});
  case state::looking:
    VARVE_PLANT(taker_does_not_look, return go(state::listing_again, verb::list, {}));
    if (!follows(next_, got))
      return start_over();
    return go(state::listing_again, verb::list, {});
  case state::checking:
    if (!got.ok() || !ours(*got)) {
      std::string by = "its next commit " + to_string(next_.seq) + " is ";
      if (!got.ok())
        return fence(by + "gone again");
      auto other = decode_commit(*got, &archive_, to_path(commit_name{tenant_, next_.seq}));
      return fence(by + (other.ok() ? "of writer " + to_hex(other->writer) : "another writer's"));
    }
    return go(state::confirming, verb::read, last_.seq);
  case state::confirming:
    VARVE_PLANT(no_second_look, return counted());
    if (!got.ok() || digest_of(*got) != next_.predecessor)
      return fence("its own commit " + to_string(last_.seq) + " is gone, so others have gone on from it");
    return counted();
  case state::pass_reading:
    return on_pass_read(got);
  case state::pass_mark_reading:
    if (got.code() == errc::file_not_exist)
      return create_mark();
    if (holds_mark(got))
      return go(state::pass_removing, verb::remove, pass_.front());
    return go(state::pass_mark_clearing, verb::remove, current_.seq); // a stray in the mark's place
  default:
    return {}; // no other state asks for a read
  }
}

commit_sequence::step commit_sequence::on_create(bool exists) {
  VARVE_PLANT(taken_name_is_ours, exists = exists && in_pass());
  switch (state_) {
  case state::creating:
  case state::committing: {
    bool taking = state_ == state::creating;
    if (exists)
      return go(taking ? state::comparing : state::checking, verb::read, next_.seq);
    counts_ = attempts_.back();
    return go(taking ? state::looking : state::confirming, verb::read, commit_seq{next_.seq.value - 1});
  }
  case state::pass_marking:
    if (exists && current_.seq.value > 0)
      return go(state::pass_mark_reading, verb::read, current_.seq);
    return go(state::pass_removing, verb::remove, pass_.front());
  default:
    return {}; // no other state asks for a create
  }
}

/// The next attempt at `next_`: no two attempts send the same bytes, so bytes that were deleted never come
/// back.
commit_sequence::step commit_sequence::create_next() {
  next_.writer = writer_;
  next_.tenant = tenant_;
  next_.written_at = now_;
  ++next_.attempt;
  auto made = go(state_, verb::create, next_.seq);
  made.next.content = encode(archive_, next_);
  VARVE_PLANT(lost_reply_is_anothers, attempts_.clear());
  attempts_.push_back(digest_of(made.next.content));
  return made;
}

commit_sequence::step commit_sequence::took_over() {
  if (next_.seq < begin_at_) {
    // Numbers that the catalog knows and the destination has forgotten: none is left free for the writer of
    // what is lost.
    last_ = next_;
    last_digest_ = counts_;
    return follow(last_);
  }
  epoch_ = epoch{next_.seq.value};
  seen_at_pass_ = {};
  auto owned = counted();
  owned.what = event::owner;
  return owned;
}

commit_sequence::step commit_sequence::counted() {
  last_ = next_;
  last_digest_ = counts_;
  state_ = state::owner;
  current_ = {};
  return {{}, event::counted, {}};
}

bool commit_sequence::in_pass() const {
  switch (state_) {
  case state::pass_listing:
  case state::pass_reading:
  case state::pass_marking:
  case state::pass_mark_reading:
  case state::pass_mark_clearing:
  case state::pass_removing:
    return true;
  default:
    return false;
  }
}

/// The error that leaves open what has happened; nullopt: an answer.
std::optional<error> commit_sequence::failure(const commit_answer& got) const {
  if (auto* listed = std::get_if<result<std::vector<commit_seq>>>(&got))
    return listed->ok() ? std::nullopt : std::optional{listed->error()};
  auto code = errc::ok;
  const error* why = nullptr;
  if (auto* read = std::get_if<result<bytes>>(&got)) {
    code = read->code();
    why = read->ok() ? nullptr : &read->error();
    if (code == errc::checksum_error)
      return std::nullopt;
  } else {
    auto& made = std::get<status>(got);
    code = made.code();
    why = made.ok() ? nullptr : &made.error();
  }
  bool answered =
      why == nullptr || code == (current_.what == verb::create ? errc::already_exists : errc::file_not_exist);
  return answered ? std::nullopt : std::optional{*why};
}

/// The pass is over, `why` if it could not do its work: the next one begins with a list of its own. Deleting
/// is never worth holding a commit back.
commit_sequence::step commit_sequence::end_pass(error why) {
  state_ = state::owner;
  current_ = {};
  pass_.clear();
  return {{}, event::pass_done, std::move(why)};
}

commit_sequence::step commit_sequence::next_of_pass() {
  if (pass_.empty())
    return end_pass({});
  if (leave_pass_ && removes_owed_ == 0) {
    state_ = state::owner;
    current_ = {};
    return {{}, event::pass_done, {}};
  }
  auto lowest = pass_.front();
  // Only commits of other writers can be beginnings or marks we do not know of.
  if (lowest.value < epoch_.value || lowest == begin_at_)
    return go(state::pass_reading, verb::read, lowest);
  return go(state::pass_removing, verb::remove, lowest);
}

commit_sequence::step commit_sequence::on_pass_read(const result<bytes>& read) {
  if (read.code() == errc::file_not_exist || holds_mark(read)) {
    pass_.erase(pass_.begin());
    return next_of_pass();
  }
  auto lowest = pass_.front();
  auto decoded = read.ok() ? decode_commit(*read, &archive_, "commit") : result<commit_record>(read.error());
  if (lowest.value == 1 || (decoded.ok() && decoded->predecessor.empty()))
    return create_mark();
  return go(state::pass_removing, verb::remove, lowest);
}

/// The mark of the beginning that is to go next.
commit_sequence::step commit_sequence::create_mark() {
  auto mark = commit_seq{pass_.front().value - 1};
  auto made = go(state::pass_marking, verb::create, mark);
  made.next.content = encode(archive_, commit_mark(tenant_, mark));
  current_.content = made.next.content;
  return made;
}

commit_sequence::step commit_sequence::go(state to, verb what, commit_seq seq) {
  state_ = to;
  current_ = {what, seq, {}};
  return {current_, event::none, {}};
}

commit_sequence::step commit_sequence::again() {
  return {current_, event::retry, {}};
}

commit_sequence::step commit_sequence::start_over() {
  return go(state::listing, verb::list, {});
}

/// The takeover commit with this content, after the commit that was read last.
commit_sequence::step commit_sequence::follow(commit_record content) {
  next_ = std::move(content);
  next_.seq = commit_seq{last_.seq.value + 1};
  next_.epoch = epoch{next_.seq.value};
  next_.predecessor = last_digest_;
  next_.attempt = 0;
  attempts_.clear();
  state_ = state::creating;
  return create_next();
}

/// The newest commit cannot be relied on as it was found. It may have been a stray, or the chain moved on
/// meanwhile; where nothing newer comes, commits are missing.
commit_sequence::step commit_sequence::not_proved() {
  if (std::exchange(unproved_, last_.seq) != last_.seq)
    failed_proofs_ = 0;
  if (++failed_proofs_ < failed_proofs_max)
    return start_over();
  if (give_up_lost_ && state_ == state::proving)
    return follow(last_);
  return stop(errc::bytes_missing, "the newest commit " + to_path(commit_name{tenant_, unproved_}) +
                                       " cannot be proved by the one before it");
}

commit_sequence::step commit_sequence::stop(errc code, std::string message) {
  state_ = state::stopped;
  current_ = {};
  return {{},
          event::stopped,
          fail(code, std::move(message),
               "verify the destination; to archive on, begin a new round (NOARCHIVELOG, then ARCHIVELOG)")};
}

commit_sequence::step commit_sequence::fence(std::string message) {
  state_ = state::fenced;
  current_ = {};
  return {{},
          event::fenced,
          fail(errc::fenced,
               "tenant " + to_string(tenant_) + " was taken over at this destination: " + message,
               "reopen the engine or say ARCHIVELOG for the tenant to take it back")};
}

} // namespace varve
