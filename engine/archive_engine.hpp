#pragma once

#include "engine/archive_options.hpp"
#include "engine/base/result.hpp"
#include "engine/model/archive_round.hpp"
#include "engine/model/log_entry.hpp"
#include "engine/model/option_values.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The front door of Varve: what a database embeds. Nothing behind this header (actors, RocksDB, codecs)
/// shows through it.
///
///   auto engine = varve::archive_engine::open({.data_directory = "/var/lib/mydb/varve"}).value();
///   engine->execute("ALTER SYSTEM SET backup_dest = 'file:///backup/mydb'; ALTER SYSTEM ARCHIVELOG");
///   engine->register_tenant(varve::tenant_id{1001}, "shop");
///   auto stream = engine->open_stream(varve::tenant_id{1001}, varve::stream_id{1}, {}).value();
///   stream->append({.lsn = 0, .next_lsn = 5, .scn = now, .payload = varve::as_bytes("hello")});
///   stream->flush().get();                       // durable
///
/// The promise: once append_durable, flush or archived_position says an LSN is durable, every restore returns
/// it, whatever crashes afterwards. What append accepted is never dropped while the tenant archives.
namespace varve {

/// What append answers. Only `accepted` took the entry.
enum class append_outcome : std::uint8_t {
  accepted,      ///< in memory; on its way
  repeated,      ///< already there and equal, or older than what can be compared: a no-op
  full,          ///< no memory now. mandatory: wait for room; optional: go on and hand it over again later
  not_archiving, ///< no round takes log of this stream: nothing to do
  interrupted,   ///< log was lost to the archive; the DBA must begin a new round
  fenced,        ///< another engine has taken the tenant over
  error          ///< see append_answer::failed
};

struct append_answer {
  append_outcome outcome = append_outcome::accepted;
  lsn expected_lsn = 0; ///< what the next append must start with
  varve::error failed; ///< of outcome error: lsn_gap, lsn_conflict, scn_goes_back, entry_too_large, closed …
};

/// A position and whether it got there.
struct durable_answer {
  /// ok; fenced, canceled (the round was stopped, or the log given up: hand it over again), closed; of an
  /// entry that was not taken what append says: not_archiving, interrupted, full, lsn_gap …; and the error
  /// for which the engine has stopped the tenant.
  status outcome;
  stream_position position; ///< everything below position.next_lsn is durable
};

/// A promise for a durable_answer: get() waits. Fulfilled from an engine thread; close() fulfils all.
class durable_future {
public:
  struct shared_state;
  explicit durable_future(std::shared_ptr<shared_state> state) : state_(std::move(state)) {}
  durable_answer get() const;                                                  ///< waits as long as it takes
  std::optional<durable_answer> get_for(std::chrono::nanoseconds limit) const; ///< nullopt: not yet
private:
  std::shared_ptr<shared_state> state_;
};

/// What the engine tells the host. Called from one engine thread, one call at a time, never with a lock held:
/// an implementation may call the engine, also to wait for what is durable, but close() (not_supported), and
/// must return soon. What it throws is told to on_error; the next call comes all the same.
class archive_listener {
public:
  virtual ~archive_listener() = default;
  /// A round began and wants start positions: hand over the first entry, advance, or open streams with a
  /// start.
  virtual void on_round_began(tenant_id, round_id) {}
  /// A stream that was told `full` may go on, with this LSN; also on a change of mode, STOP, INTERRUPTED,
  /// fenced.
  virtual void on_room(tenant_id, stream_id, lsn /*expected*/) {}
  /// What is not durable was given up (takeover, restart of the writer): hand over again from here.
  virtual void on_resend_from(tenant_id, stream_id, lsn /*from*/, std::string_view /*why*/) {}
  virtual void on_interrupted(tenant_id, std::string_view /*reason*/) {}
  /// The tenant is close to a break, for the archive does not get on: after `distance` more LSNs are
  /// recycled, log of this stream lies nowhere but in the engine's memory. Told once; VARVE_ALARMS shows it
  /// as long as it is so. Only in optional mode, and of streams whose host says what it recycles
  /// (log_recycled(), log_source::oldest_lsn()).
  virtual void on_alarm(tenant_id, stream_id, lsn /*distance*/) {}
  /// Another engine has the tenant. Positions that are told after it is taken back (ARCHIVELOG) are of the
  /// round in force then, which may have begun behind log that was handed over here. It may be DOING already,
  /// and wants all log also of a stream that it has not heard of: what of that is gone must be said
  /// (log_recycled) before its first entry.
  virtual void on_fenced(tenant_id, std::string_view /*reason*/) {}
  /// A commit made everything below position.next_lsn durable.
  virtual void on_durable(tenant_id, stream_id, stream_position) {}
  /// Something failed that no call of the host waits for: the catalog refused a write (statements and views
  /// fail from then on, until the engine is opened again; the archive itself does not need the catalog), an
  /// actor ended (its tenants are stopped), or the host has thrown where it was called. The same error again
  /// is told once; what this throws is told to nobody.
  virtual void on_error(const error&) {}
};

/// A host that would rather be asked for its log than hand it over. Called from one engine thread at a time
/// per stream; may block. Must not close the engine or the stream. What it throws counts as an io_error of
/// the source.
class log_source {
public:
  virtual ~log_source() = default;
  /// Where the archive must begin: the replay point of the host's own recovery. It never goes back.
  virtual result<lsn> start_lsn() = 0;
  /// The oldest LSN the host still has; log below it is gone.
  virtual result<lsn> oldest_lsn() = 0;

  struct batch {
    std::vector<log_entry> entries; ///< contiguous from `from`; payloads stay valid until the next call
    scn nothing_before = 0; ///< no entry with SCN <= this will follow the ones given: an advance; 0: unknown
  };
  /// Entries from `from` on, about `bytes_max` of them (at least one if there is one); none = nothing new
  /// yet. A `from` that is gone: entry_not_exist, which becomes a break.
  virtual result<batch> read(lsn from, std::size_t bytes_max) = 0;
};

struct stream_options {
  /// Where the stream's log begins in a round; empty = its first entry says. Below what the archive has of
  /// it, it goes on there; further on, what lies between is skipped, and a round that has not begun waits for
  /// an entry or an advance behind it. What is skipped in a DOING round is told to no later one: what is
  /// handed over in that must lie above its SCNs. A host that may recycle log of the stream before it hands
  /// over any says it here, or hands over first: in a round that is DOING already, log_recycled(x) before the
  /// first entry of a stream that begins nowhere yet is a break of the whole tenant, although append(x)
  /// instead of it would be taken as the beginning.
  std::optional<lsn> start_lsn;
  /// Pull mode: the engine reads from here instead of being appended to. Must outlive the stream.
  log_source* source = nullptr;
};

/// One tenant's log stream; the one appender's handle. Calls on one stream must not overlap unless noted;
/// different streams are independent. Closed by its destructor (the stream stays in the tenant's checkpoint),
/// which waits for a log_source::read() under way and must run before the engine's.
class log_stream {
public:
  virtual ~log_stream() = default;

  /// Takes one entry: copies it and returns; never blocks on I/O and never waits for memory. The payload is
  /// the caller's again when it returns. An entry must start at expected_lsn(); a repeat is compared while it
  /// is in memory or in the last committed block (DESIGN section 2).
  virtual append_answer append(const log_entry& entry) = 0;
  /// As append, but in mandatory mode waits while the answer would be `full`.
  virtual append_answer append_wait(const log_entry& entry) = 0;
  /// As append, and asks for a commit now; the future is fulfilled when one covers the entry.
  virtual std::pair<append_answer, durable_future> append_durable(const log_entry& entry) = 0;
  /// The same with a callback instead. Called once, as the listener is and in order with it: behind the
  /// on_durable() of the commit; before this returns if no commit will cover the entry; while the engine
  /// closes from any of its threads.
  virtual append_answer append_durable(const log_entry& entry,
                                       std::function<void(const durable_answer&)> done) = 0;

  /// No entry with an SCN <= `upto` will follow, and none is missing: what is gone was reported before
  /// (log_recycled). It speaks of all log from expected_lsn() on, also where none of this round was handed
  /// over yet: a host that lets a round begin further on hands that log over first. Then it also says where
  /// the round begins, and must not be below the SCNs of log that was skipped before; one that came before
  /// log_recycled skipped any does not say it. Of no effect while no round takes log (append answers
  /// not_archiving), and where it is lower than before. Thread-safe.
  virtual status advance(scn upto) = 0;
  /// Everything accepted so far, durable. Thread-safe. Coalesces with other requests. Where
  /// archived_position() is there already it is ok at once, and no destination is asked.
  virtual durable_future flush() = 0;
  /// Log below `oldest` is gone at the host. If it was not handed over: a break (DESIGN section 5.3); said
  /// while no round is in force: the next one begins there, or further on; while the tenant is fenced or
  /// stopped: it is judged when that is taken back. A host that says it each time it recycles is warned
  /// before a break (archive_listener::on_alarm). After open() the break comes with the takeover, which this
  /// asks for: only the destination knows whether that log is archived. Thread-safe.
  virtual status log_recycled(lsn oldest) = 0;

  /// Thread-safe, cheap:
  virtual lsn expected_lsn() const = 0; ///< what append must start with
  /// Durable: covered by a commit. Until the takeover as the catalog says it.
  virtual stream_position archived_position() const = 0;
  virtual stream_position
  resume_lsn() const = 0; ///< where to hand over from after open; an estimate until the takeover
  virtual lsn recyclable_lsn() const = 0; ///< log below may go (lsn_max: no limit)

  virtual tenant_id tenant() const = 0;
  virtual stream_id stream() const = 0;
};

/// A table of text, as a statement or SELECT returns it.
struct sql_result {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows; ///< nullopt = NULL
  std::vector<std::string> warnings;
  std::string message; ///< of statements without rows: what happened
};

/// Is every statement of the text one? The first that is not: parse_error or invalid_argument, as execute()
/// would say it. Runs nothing.
status check_statements(std::string_view text);

class archive_engine {
public:
  /// Opens the data directory and begins or continues what stands in the catalog. Reads nothing from a
  /// destination and takes no tenant over before the first write. Errors: invalid_argument (which option, its
  /// range), already_open (with the owner's pid), catalog_error.
  static result<std::unique_ptr<archive_engine>> open(archive_options options);

  /// close(). Streams and calls under way must have ended before: an engine is not destroyed under a caller.
  virtual ~archive_engine() = default;
  /// Makes what was accepted durable if the destinations answer within options.stop_timeout (nanoseconds),
  /// fulfils every future, and stops all threads. Rounds stay in force: the next open continues them. A
  /// statement under way answers `closed`; calls that come later, too. not_supported: called by a listener or
  /// callback of this engine, for which it would wait; nothing is closed.
  ///
  /// It joins every thread, so it may take longer than stop_timeout, without bound: as long as a system call
  /// on a destination hangs in the kernel (a dead hard-mounted file system: mount it soft, or unmount it by
  /// force), as long as writes under way are held to options.destination_bytes_per_second (4 MiB at 100 kB a
  /// second: 40 s), and as long as a log_source::read(), a listener or a callback blocks (the host makes it
  /// return).
  /// A host that cannot wait ends its process instead: nothing that was acknowledged is lost.
  virtual status close() = 0;

  /// All calls below are thread-safe.

  /// Must outlive the engine; nullptr = none. Set before the first stream is opened.
  virtual void set_listener(archive_listener* listener) = 0;

  /// Tells name and number of a tenant; again with another name renames it. Tenant numbers 0 and 1 are
  /// refused. Under a standing ARCHIVELOG its round begins here; invalid_destination: no backup_dest is set
  /// for it, so it is registered and stays in STOP until SET backup_dest and ARCHIVELOG for it.
  virtual status register_tenant(tenant_id tenant, std::string_view name) = 0;
  /// The host has dropped the tenant: its round ends as by NOARCHIVELOG (also while the destination is away,
  /// after options.stop_timeout), and statements, views of what runs, and a standing ARCHIVELOG leave it out
  /// from now on. What is archived stays, to be restored and in the history. Registered again, its rounds are
  /// numbered on. Where the process ends within it, nothing was dropped: the round goes on, or the next
  /// begins, if one was wanted. invalid_argument: it is not registered, or a stream of it is open.
  virtual status drop_tenant(tenant_id tenant) = 0;
  virtual result<std::unique_ptr<log_stream>> open_stream(tenant_id tenant, stream_id stream,
                                                          stream_options options) = 0;
  /// Takes the stream out of the checkpoint once everything below `final_lsn` is durable. A commit remembers
  /// it then; a host that restarts before says it again, after open_stream() and what log_recycled() has to
  /// tell. A round that was ordered while the stream was closed does not wait for it: what it wrote since the
  /// last round is in none, and what is handed over of other streams must lie above the SCNs of that. A
  /// stream that skipped log and is dropped before its round begins is waited for until an advance of the
  /// tenant.
  virtual status drop_stream(tenant_id tenant, stream_id stream, lsn final_lsn) = 0;
  /// The same of every stream of the tenant.
  virtual status advance(tenant_id tenant, scn upto) = 0;
  /// Everything accepted so far of all streams of the tenant, durable and committed. The position is empty.
  virtual durable_future flush(tenant_id tenant) = 0;

  /// One or more statements; stops at the first error. Statements: STATEMENTS.md. SELECT on the views.
  virtual result<std::vector<sql_result>> execute(std::string_view text) = 0;
  /// One SELECT.
  virtual result<sql_result> query(std::string_view select) = 0;

  /// Memory and threads, for benchmarks and metrics.
  struct usage {
    std::uint64_t budget_bytes = 0, used_bytes = 0, peak_bytes = 0;
    std::uint64_t accepted_entries = 0, accepted_bytes = 0, stored_bytes = 0, blocks = 0,
                  block_input_bytes = 0;
    std::uint64_t repeats_uncompared = 0;
    std::uint64_t syncs = 0, commits = 0, catalog_batches = 0;
  };
  virtual usage memory_usage() const = 0;

  /// For a monitoring system, in Prometheus' text format: per tenant from the catalog, and memory_usage().
  /// The host serves it as it likes. Errors: the catalog's.
  virtual result<std::string> metrics() const = 0;
};

} // namespace varve
