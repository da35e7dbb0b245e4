#include "tests/actors/runtime_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace varve::test {

bool recording_listener::has(std::string_view what) const {
  return std::any_of(heard.begin(), heard.end(), [&](auto& line) { return line.find(what) == 0; });
}
void recording_listener::on_round_began(tenant_id, round_id round) {
  heard.push_back("round " + to_string(round));
}
void recording_listener::on_room(tenant_id, stream_id stream, lsn expected) {
  heard.push_back("room " + to_string(stream) + " expects " + std::to_string(expected));
}
void recording_listener::on_resend_from(tenant_id, stream_id stream, lsn from, std::string_view) {
  heard.push_back("resend " + to_string(stream) + " from " + std::to_string(from));
}
void recording_listener::on_interrupted(tenant_id, std::string_view reason) {
  heard.push_back("interrupted: " + std::string(reason));
}
void recording_listener::on_alarm(tenant_id, stream_id stream, lsn distance) {
  heard.push_back("alarm " + to_string(stream) + " " + std::to_string(distance));
}

void recording_listener::on_fenced(tenant_id, std::string_view reason) {
  heard.push_back("fenced: " + std::string(reason));
}
void recording_listener::on_durable(tenant_id, stream_id stream, stream_position position) {
  heard.push_back("durable " + to_string(stream) + " to " + std::to_string(position.next_lsn));
}

runtime_fixture::runtime_fixture(options options)
    : given(std::move(options)), world(given.seed),
      catalog(given.catalog ? given.catalog : std::make_shared<crash_catalog>()),
      process(std::make_unique<sim_process>(world)) {
  if (given.medium)
    media["d"] = given.medium;
  archive_runtime::settings settings;
  settings.budget_bytes = given.budget_bytes;
  settings.block_bytes = given.block_bytes;
  settings.entry_bytes_max = 1 << 20;
  settings.segment_bytes = given.segment_bytes;
  settings.sync_bytes = given.sync_bytes;
  settings.workers = given.workers;
  settings.io_threads = given.io_threads;
  settings.commit_blocks = given.commit_blocks;
  settings.stop_timeout = 30 * one_second;
  settings.catalog_beat = 100 * one_ms;
  settings.how = threading::cooperative;
  settings.archive = archive;
  settings.now = [this] { return now(); };
  settings.draw = [this] {
    random_id drawn;
    for (auto& each : drawn)
      each = static_cast<std::byte>(world.draw(256));
    return drawn;
  };
  settings.open = [this](const std::string& uri) -> result<std::shared_ptr<destination>> {
    if (cannot_open)
      return *cannot_open;
    auto& medium = media[uri.substr(std::string_view("memory://").size())];
    if (!medium)
      medium = std::make_shared<fault_medium>(world.random(), uri.substr(9));
    handles_.push_back(std::make_shared<fault_destination>(medium));
    return std::shared_ptr<destination>(handles_.back());
  };
  settings.on_error = [this](const error& why) { errors.push_back(why); };
  runtime = std::make_unique<archive_runtime>(process->system(), *catalog, std::move(settings));
  runtime->set_listener(&listener);
}

runtime_fixture::~runtime_fixture() {
  for (auto& handle : handles_)
    handle->cut_off();
  runtime->set_listener(nullptr);
  process->kill();
  runtime.reset();
}

archive_runtime::tenant_facts runtime_fixture::facts_of(tenant_id id) const {
  auto from = catalog->snapshot();
  archive_runtime::tenant_facts facts;
  facts.tenant = id;
  facts.option = given.option;
  if (auto known = from->round_status(id).value()) {
    facts.status = *known;
    facts.destination = known->destination;
    facts.archiving =
        known->round.status != round_status::stop && known->round.status != round_status::stopping;
  }
  for (auto& broke : from->breaks().value())
    if (broke.tenant == id && broke.round == facts.status.round.id)
      facts.broke = broke;
  facts.outbox = from->outbox(id).value();
  facts.writers = from->writers(id).value();
  facts.streams = from->streams(id).value();
  return facts;
}

void runtime_fixture::add_tenant(tenant_id id) {
  runtime->add_tenant(facts_of(id));
}

status runtime_fixture::give_order(tenant_id id, tenant_order what) {
  auto outcome = std::make_shared<std::optional<status>>();
  what.option = given.option;
  runtime->order(id, std::move(what), [outcome](const status& done) { *outcome = done; });
  if (!run_until([outcome] { return outcome->has_value(); }))
    return fail(errc::try_again, "no answer");
  return **outcome;
}

status runtime_fixture::archivelog(tenant_id id, const std::string& uri) {
  auto facts = facts_of(id);
  facts.archiving = false; // the order begins the round
  runtime->refresh(facts);
  tenant_order what;
  what.what = tenant_order::kind::archivelog;
  what.destination = uri;
  return give_order(id, what);
}

status runtime_fixture::noarchivelog(tenant_id id) {
  tenant_order what;
  what.what = tenant_order::kind::noarchivelog;
  return give_order(id, what);
}

std::shared_ptr<stream_buffer> runtime_fixture::open(std::uint64_t stream, std::optional<lsn> start,
                                                     tenant_id id) {
  auto opened = runtime->intake(id)->open(stream_id{stream}, start);
  REQUIRE(opened.ok());
  return *opened;
}

void runtime_fixture::write(std::uint64_t stream, std::size_t count, tenant_id id,
                            std::size_t payload_bytes) {
  auto buffer = runtime->intake(id)->find(stream_id{stream});
  REQUIRE(buffer);
  auto& last = last_scn_[{id, stream}];
  for (; count > 0; --count) {
    last = std::max<scn>(last + 1'000, now());
    auto from = buffer->expected_lsn();
    auto payload = "stream " + std::to_string(stream) + " LSN " + std::to_string(from);
    payload.resize(std::max(payload.size(), payload_bytes), '.');
    auto answer = buffer->append({from, from + 10, last, as_bytes(payload)});
    INFO(answer.failed.to_string());
    REQUIRE(static_cast<int>(answer.outcome) == static_cast<int>(append_outcome::accepted));
  }
}

std::shared_ptr<std::optional<durable_answer>> runtime_fixture::ask(durable_wait_ptr what, tenant_id id) {
  auto answer = std::make_shared<std::optional<durable_answer>>();
  what->done = [answer](const durable_answer& given_answer) { *answer = given_answer; };
  runtime->wait(id, std::move(what));
  return answer;
}

std::optional<durable_answer> runtime_fixture::flush(tenant_id id) {
  auto what = std::make_shared<durable_wait>();
  what->whole_tenant = true;
  auto answer = ask(what, id);
  run_until([&] { return answer->has_value(); });
  run_for(one_ms); // until everybody has heard of it
  return *answer;
}

std::optional<durable_answer> runtime_fixture::flush_as_told(tenant_id id) {
  auto answer = flush(id);
  return answer && answer->outcome.code() == errc::canceled ? flush(id) : answer;
}

void runtime_fixture::run_for(duration_ns duration) {
  bool over = false;
  world.after(duration, [&over] { over = true; });
  while (!over)
    REQUIRE(world.step());
}

bool runtime_fixture::run_until(const std::function<bool()>& so, duration_ns limit) {
  auto over = std::make_shared<bool>(false);
  world.after(limit, [over] { *over = true; });
  while (!so()) {
    if (*over)
      return false;
    REQUIRE(world.step());
  }
  return true;
}

round_status_record runtime_fixture::row(tenant_id id) const {
  auto found = catalog->snapshot()->round_status(id).value();
  REQUIRE(found);
  return *found;
}

committed_state runtime_fixture::committed(tenant_id id, const std::string& name) {
  fault_destination reader{media.at(name), "reader"};
  auto state = read_committed_state(reader, id, &archive);
  REQUIRE(state.ok());
  REQUIRE(*state);
  return **state;
}

std::vector<object_path> runtime_fixture::paths(std::string_view part, const std::string& name) {
  auto all = medium(name).paths();
  std::erase_if(all, [&](auto& path) { return path.find(part) == std::string::npos; });
  return all;
}

runtime_fixture::options runtime_fixture::on_the_same() const {
  options next;
  next.seed = given.seed + 1;
  next.catalog = catalog->copy();
  next.medium = media.at("d");
  next.began_at = now();
  return next;
}

tenant_order log_recycled(lsn oldest) {
  tenant_order broken;
  broken.what = tenant_order::kind::interrupt;
  broken.broken.stream = stream_id{1};
  broken.broken.oldest_left = oldest;
  broken.broken.reason = "recycled";
  return broken;
}

} // namespace varve::test
