#include "tests/crash/host_life.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <poll.h>
#include <unistd.h>

namespace varve::test {

namespace {

/// Runs eight times as fast as the system's, so that the shortest interval, 5 s, is over in 625 ms, and goes
/// on in the next process where it was in this one.
unix_ns fast_clock() {
  constexpr unix_ns begin = 1'704'067'200 * one_second; // 2024-01-01
  auto since = std::chrono::system_clock::now().time_since_epoch();
  auto real = static_cast<unix_ns>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
  return begin + (std::max(real, begin) - begin) * 8;
}

} // namespace

void tell(const std::string& line) {
  static std::mutex one_at_a_time;
  std::lock_guard lock{one_at_a_time};
  auto text = line;
  std::replace(text.begin(), text.end(), '\n', ' ');
  text += '\n';
  for (std::size_t at = 0; at < text.size();) {
    auto n = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (n > 0)
      at += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      ::_exit(1);
  }
}

host_life::host_life(host_options options)
    : options_(std::move(options)), log_(options_.seed), random_(options_.life * 7919 + options_.host),
      first_(options_.first) {}

host_life::~host_life() = default;

// ---- a life
// ----------------------------------------------------------------------------------------------------

bool host_life::run() {
  for (bool again = true; again;) {
    if (!open())
      return false;
    again = work();
    close(!again);
  }
  return true;
}

bool host_life::open() {
  archive_options how;
  how.data_directory = options_.data;
  how.budget_bytes = (16 + 16 * draw(2)) << 20;
  how.block_bytes = static_cast<std::uint32_t>((4 << 10) << draw(5));
  how.entry_bytes_max = 64 << 10;
  how.segment_bytes = 1 << 20;
  how.sync_bytes = std::uint64_t{64 << 10} << draw(4);
  how.threads = static_cast<unsigned>(1 + draw(3));
  how.io_threads = static_cast<unsigned>(1 + draw(4));
  how.now = fast_clock;
  stopping_ = closing_ = false;
  accepted_.clear();
  for (unsigned i = 0; i < options_.tenants; ++i) {
    tenants_.push_back(std::make_unique<tenant_host>());
    tenants_.back()->id = host_tenant(i);
    tenants_.back()->random.seed(random_());
  }
  tell("phase open");
  auto opened = archive_engine::open(how);
  if (!opened.ok()) {
    tell_words("failed", opened.error().to_string());
    return false;
  }
  engine_ = std::move(*opened);
  engine_->set_listener(this);
  for (unsigned i = 0; i < options_.tenants; ++i) {
    auto named = engine_->register_tenant(host_tenant(i), "tenant" + std::to_string(i));
    // In the first life no destination is named yet, or it was killed before it was.
    if (!named.ok() && named.code() != errc::invalid_destination)
      tell_words("broken", "register_tenant:", named.error().to_string());
  }
  prepare();
  tell("phase streams");
  for (auto& tenant : tenants_)
    for (unsigned i = 1; i <= options_.streams; ++i) {
      auto stream = engine_->open_stream(tenant->id, stream_id{i}, {});
      if (!stream.ok()) {
        tell_words("failed", stream.error().to_string());
        return false;
      }
      // What it has let go, or never handed over, it says first, as a host does that knows where its log
      // begins.
      if (auto first = first_.find({tenant->id.value, i}); first != first_.end())
        static_cast<void>((*stream)->log_recycled(first->second));
      tenant->streams.push_back(std::move(*stream));
    }
  tell("phase work");
  for (auto& tenant : tenants_)
    tenant->appender = std::thread([this, &tenant] { append(*tenant); });
  return true;
}

/// Names the destination where none is, and begins a round where none is.
void host_life::prepare() {
  auto shown = engine_->execute("SHOW PARAMETERS LIKE 'backup_dest'");
  if (shown.ok() && shown->at(0).rows.at(0).at(6).value_or("").empty())
    execute("ALTER SYSTEM SET backup_dest = '" + options_.destination + "'");
  execute("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=5s&"
          "log_archive_piece_switch_interval=1d'");
  auto mode = draw(2) == 0 ? "mandatory" : "optional";
  execute("ALTER SYSTEM SET backup_log_archive_option = '" + std::string(mode) +
          " compression=" + (draw(2) == 0 ? "lz4_1.0" : "zstd_1.3.8") + "'");
  for (unsigned i = 0; i < options_.tenants; ++i) {
    auto id = to_string(host_tenant(i));
    auto row = engine_->query("SELECT STATUS FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID = " + id);
    if (row.ok() && (row->rows.empty() || row->rows[0][0] == "STOP"))
      execute("ALTER SYSTEM ARCHIVELOG TENANT_ID = " + id);
  }
}

/// Turns until stdin says so (false), or until the engine is to be opened again (true).
bool host_life::work() {
  bool finishing = false;
  for (;;) {
    // The pause between two turns.
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, static_cast<int>(1 + draw(20))) > 0) {
      char command = 0;
      if (::read(STDIN_FILENO, &command, 1) <= 0)
        ::_exit(1); // the parent is gone
      finishing |= command == 'f';
    }
    bool all_archive = look();
    if (finishing && all_archive)
      return false;
    auto turn = finishing ? 1000 : draw(1000);
    if (turn < options_.statements)
      statement();
    else if (turn < options_.statements + options_.closes)
      return true;
  }
}

/// In good order, with everything durable; or in the midst of it all.
void host_life::close(bool last) {
  tell("phase close");
  if (!last && draw(2) == 0) {
    closing_ = true;
    static_cast<void>(engine_->close());
  }
  stopping_ = true;
  wake();
  for (auto& tenant : tenants_)
    tenant->appender.join();
  for (auto& tenant : tenants_) {
    if (last)
      finish(*tenant);
    tenant->streams.clear();
  }
  auto closed = engine_->close();
  if (last)
    tell_words("closed", closed.ok() ? "ok" : closed.error().to_string());
  engine_.reset();
  tenants_.clear();
}

/// Everything that was handed over is durable, and said to be.
void host_life::finish(tenant_host& tenant) {
  if (!flush(tenant)) {
    if (!tenant.fenced)
      tell_words("broken", "tenant", tenant.id, "cannot be flushed at the end");
    return;
  }
  for (auto& stream : tenant.streams)
    tell_words("handed", tenant.id, stream->stream(), stream->expected_lsn());
  tell_words("flushed", tenant.id);
}

// ---- statements
// ------------------------------------------------------------------------------------------------

bool host_life::execute(const std::string& text, bool may_fail) {
  tell_words("phase statement", text);
  auto done = engine_->execute(text);
  if (!done.ok() && !may_fail)
    tell_words("failed", text, "->", done.error().to_string());
  tell_words("said", done.ok() ? "ok" : done.error().to_string());
  return done.ok();
}

void host_life::statement() {
  switch (draw(6)) {
  case 0:
    execute("ALTER SYSTEM SET backup_log_archive_option = 'mandatory'");
    break;
  case 1:
    execute("ALTER SYSTEM SET backup_log_archive_option = 'optional'");
    break;
  case 2: {
    constexpr std::array codecs = {"lz4_1.0", "zstd_1.3.8", "enable"};
    execute("ALTER SYSTEM SET backup_log_archive_option = 'compression=" + std::string(codecs[draw(3)]) +
            "'");
    break;
  }
  case 3:
    execute("ALTER SYSTEM SET backup_dest_option = 'log_archive_checkpoint_interval=" +
            std::to_string(5 + draw(20)) +
            "s&log_archive_piece_switch_interval=" + std::to_string(1 + draw(2)) + "d'");
    break;
  default:
    next_round();
  }
}

/// Ends the round of a tenant, or of all, and begins the next one; now and then the log goes on meanwhile and
/// is not archived. A tenant that is fenced is left alone.
void host_life::next_round() {
  bool all = draw(2) == 0;
  auto& one = *tenants_[draw(tenants_.size())];
  for (auto& tenant : tenants_)
    if ((all || tenant.get() == &one) && tenant->fenced)
      return;
  auto whom = all ? std::string() : " TENANT_ID = " + to_string(one.id);
  // A tenant that is fenced at this moment, or all at STOP already, are answers, too.
  if (execute("ALTER SYSTEM NOARCHIVELOG" + whom, true) && draw(2) == 0)
    for (auto& tenant : tenants_)
      for (auto& stream : tenant->streams)
        if ((all || tenant.get() == &one) && draw(2) == 0) {
          auto from = stream->archived_position().next_lsn;
          auto number = log_.find(tenant->id, stream->stream(), std::max(from, next_of(*stream)));
          auto to = log_.at(tenant->id, stream->stream(), number.value_or(0) + draw(500)).lsn;
          tell_words("gone", tenant->id, stream->stream(), from, to);
          let_go(*stream, to);
        }
  execute("ALTER SYSTEM ARCHIVELOG" + whom);
  wake();
}

/// Tells what the views say. A round that is over is followed by the next one: true if there was none such.
bool host_life::look() {
  bool all_archive = true;
  std::vector<std::string> stopped;
  auto rows = engine_->query("SELECT TENANT_ID, LOG_ARCHIVE_ROUND, MAX_NEXT_TIME, STATUS "
                             "FROM CDB_OB_BACKUP_ARCHIVELOG WHERE TENANT_ID > 1");
  if (!rows.ok()) {
    tell_words("broken", rows.error().to_string());
    return false;
  }
  for (auto& row : rows->rows) {
    if (auto when = row[2].value_or(""); !when.empty())
      tell_words("checkpoint", *row[0], *row[1], parse_time(when).value());
    all_archive &= row[3] != "STOP" && row[3] != "STOPPING";
    if (row[3] == "STOP")
      stopped.push_back(*row[0]);
  }
  rows = engine_->query("SELECT TENANT_ID, TABLE_ID, NEXT_LSN FROM CDB_OB_BACKUP_ARCHIVELOG_PROGRESS");
  if (rows.ok())
    for (auto& row : rows->rows)
      tell_words("view", *row[0], *row[1], *row[2]);
  // A standing order may have begun it since.
  for (auto& tenant : stopped)
    execute("ALTER SYSTEM ARCHIVELOG TENANT_ID = " + tenant, true);
  return all_archive;
}

// ---- the log of a tenant
// ---------------------------------------------------------------------------------------

/// Where the host hands over from: what the engine expects, but not log that is gone.
lsn host_life::next_of(const log_stream& stream) {
  auto expected = stream.expected_lsn();
  std::lock_guard lock{mutex_};
  auto found = first_.find({stream.tenant().value, stream.stream().value});
  return found == first_.end() ? expected : std::max(expected, found->second);
}

void host_life::append(tenant_host& tenant) {
  auto& random = tenant.random;
  while (!stopping_) {
    auto& stream = *tenant.streams[random() % tenant.streams.size()];
    bool goes_on = true;
    for (auto left = 1 + random() % 200; left > 0 && goes_on && !stopping_; --left)
      goes_on = append_one(tenant, stream);
    switch (random() % 8) {
    case 0:
      flush(tenant);
      break;
    case 1:
      advance(tenant);
      break;
    case 2:
      positions(tenant);
      break;
    case 3:
      break; // at once the next stream
    default:
      rest(tenant);
    }
    if (!goes_on)
      rest(tenant);
  }
}

/// False: it was not taken, and the next one would not be either.
bool host_life::append_one(tenant_host& tenant, log_stream& to) {
  auto from = next_of(to);
  auto number = log_.find(tenant.id, to.stream(), from);
  if (!number) {
    tell_words("broken", "tenant", tenant.id, "stream", to.stream(), "expects LSN", from,
               "where no entry starts");
    return false;
  }
  auto next = log_.at(tenant.id, to.stream(), *number);
  auto payload = log_.payload(tenant.id, to.stream(), *number, options_.host);
  log_entry entry{next.lsn, next.next_lsn, next.scn, payload};
  const accepted_log::key of{tenant.id, to.stream()};
  auto before = accepted_.before_append(of, to.expected_lsn());
  append_answer answer;
  switch (tenant.random() % 40) {
  case 0:
    answer = to.append_durable(entry, [this, id = tenant.id, stream = to.stream(),
                                       upto = next.next_lsn](const durable_answer& durable) {
      if (durable.outcome.ok())
        acknowledge("ack", id, stream, upto);
      else
        failed_wait("append_durable", durable.outcome.error());
    });
    break;
  case 1:
    answer = to.append_wait(entry);
    break;
  default:
    answer = to.append(entry);
  }
  if (answer.outcome == append_outcome::accepted || answer.outcome == append_outcome::repeated) {
    tenant.gaps = 0;
    if (answer.outcome == append_outcome::accepted)
      accepted_.after_append(of, next.next_lsn, before);
    return true;
  }
  refused(tenant, to, answer);
  return false;
}

void host_life::refused(tenant_host& tenant, const log_stream& stream, const append_answer& answer) {
  switch (answer.outcome) {
  case append_outcome::full:
  case append_outcome::not_archiving:
    return;
  case append_outcome::fenced:
    tenant.fenced = true;
    return;
  default:
    break;
  }
  auto code = answer.failed.code;
  if (code == errc::closed && closing_)
    return;
  // What the engine expected when it was asked was an estimate: the takeover, which the flush brings, knows.
  if (code == errc::lsn_gap && ++tenant.gaps < 1000) {
    flush(tenant);
    return;
  }
  tell_words("broken", "tenant", tenant.id, "stream", stream.stream(), "refuses log:",
             answer.outcome == append_outcome::interrupted ? "interrupted" : answer.failed.to_string());
}

/// Waits until all that was handed over is durable; false: it will not be.
bool host_life::flush(tenant_host& tenant) {
  std::vector<std::pair<stream_id, lsn>> upto;
  for (auto& stream : tenant.streams)
    upto.emplace_back(stream->stream(), stream->expected_lsn());
  auto answer = engine_->flush(tenant.id).get();
  if (!answer.outcome.ok()) {
    failed_wait("flush", answer.outcome.error());
    return false;
  }
  for (auto& [stream, end] : upto)
    acknowledge("ack", tenant.id, stream, end);
  return true;
}

void host_life::failed_wait(const char* what, const error& why) {
  switch (why.code) {
  case errc::fenced:
  case errc::closed:
  case errc::canceled: // by NOARCHIVELOG
  case errc::not_archiving:
  case errc::full:
    return;
  case errc::lsn_gap: // and append answered so, too
    return;
  default:
    tell_words("broken", what, "fails:", why.to_string());
  }
}

/// No entry of a stream comes with an SCN below that of its next one.
void host_life::advance(tenant_host& tenant) {
  scn lowest = scn_max;
  for (auto& stream : tenant.streams) {
    auto number = log_.find(tenant.id, stream->stream(), next_of(*stream));
    if (!number)
      return;
    auto upto = log_.at(tenant.id, stream->stream(), *number).scn - 1;
    lowest = std::min(lowest, upto);
    if (tenant.random() % 4 == 0)
      static_cast<void>(stream->advance(upto));
  }
  static_cast<void>(engine_->advance(tenant.id, lowest));
}

void host_life::positions(tenant_host& tenant) {
  for (auto& stream : tenant.streams) {
    acknowledge("archived", tenant.id, stream->stream(), stream->archived_position().next_lsn);
    auto limit = stream->recyclable_lsn();
    if (limit == lsn_max)
      continue; // optional mode: the log is kept all the same
    acknowledge("recyclable", tenant.id, stream->stream(), limit);
    if (tenant.random() % 2 == 0) {
      tell_words("recycled", tenant.id, stream->stream(), limit);
      let_go(*stream, limit);
    }
  }
}

/// The host has no log below `upto` any more.
void host_life::let_go(log_stream& stream, lsn upto) {
  {
    std::lock_guard lock{mutex_};
    auto& first = first_[{stream.tenant().value, stream.stream().value}];
    first = std::max(first, upto);
  }
  static_cast<void>(stream.log_recycled(upto));
}

void host_life::acknowledge(const char* how, tenant_id tenant, stream_id stream, lsn upto) {
  tell_words(how, tenant, stream, upto);
}

// ---- the listener
// ----------------------------------------------------------------------------------------------

void host_life::on_durable(tenant_id tenant, stream_id stream, stream_position position) {
  acknowledge("durable", tenant, stream, position.next_lsn);
  if (auto lost = accepted_.lost({tenant, stream}, position.next_lsn))
    tell_words("broken", "tenant", tenant, "stream", stream, "lost log that it accepted up to LSN", *lost,
               "and asked for none of it again");
  wake();
}

void host_life::on_resend_from(tenant_id tenant, stream_id stream, lsn from, std::string_view) {
  accepted_.may_be_gone(tenant, stream);
  tell_words("resend", tenant, stream, from);
  wake();
}

void host_life::on_interrupted(tenant_id tenant, std::string_view reason) {
  tell_words("broken", "tenant", tenant, "is INTERRUPTED:", reason);
}

void host_life::on_fenced(tenant_id tenant, std::string_view reason) {
  accepted_.may_be_gone(tenant, std::nullopt);
  tell_words("fenced", tenant, reason);
  for (auto& host : tenants_)
    if (host->id == tenant)
      host->fenced = true;
  wake();
}

void host_life::on_error(const error& why) {
  tell_words("broken", "on_error:", why.to_string());
}

void host_life::wake() {
  std::lock_guard lock{mutex_};
  news_ = true;
  woken_.notify_all();
}

/// Until something happens, or for a moment.
void host_life::rest(tenant_host& tenant) {
  std::unique_lock lock{mutex_};
  woken_.wait_for(lock, std::chrono::microseconds(200 + tenant.random() % 8000),
                  [&] { return std::exchange(news_, false) || stopping_.load(); });
}

} // namespace varve::test
