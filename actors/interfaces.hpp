#pragma once

#include "actors/messages.hpp"

/// Every actor of the system and every message it takes: read this first. A tenant has one LOG STREAM actor,
/// one PIECE WRITER and one CHECKPOINT; they share the engine's COMPRESSORS, the I/O POOL of their
/// destination and the CATALOG WRITER. All are cooperative and never block, but for the I/O workers behind
/// the pools and the catalog writer, which have their own threads in production and none in simulation.
///
///   host thread ─ append ─▶ tenant_intake (memory) ─ work ─▶ LOG STREAM ─ pack ─▶ COMPRESSOR ─ packed ─▶
///   PIECE WRITER
///                                                               ▲                                     │  ▲
///                                                           cut │            ┌──── job ───▶ I/O POOL ◀┘  │
///                                                           durable?
///                                                               └─ CHECKPOINT ┴──── apply ─▶ CATALOG WRITER
namespace varve {

using work_atom = caf::atom_constant<caf::atom("work")>;
using room_atom = caf::atom_constant<caf::atom("room")>;
using repeat_atom = caf::atom_constant<caf::atom("repeat")>;
using pressure_atom = caf::atom_constant<caf::atom("pressure")>;
using cut_atom = caf::atom_constant<caf::atom("cut")>;
using begin_atom = caf::atom_constant<caf::atom("begin")>;
using end_atom = caf::atom_constant<caf::atom("end")>;
using notify_atom = caf::atom_constant<caf::atom("notify")>;
using pack_atom = caf::atom_constant<caf::atom("pack")>;
using packed_atom = caf::atom_constant<caf::atom("packed")>;
using durable_atom = caf::atom_constant<caf::atom("durable")>;
using finish_atom = caf::atom_constant<caf::atom("finish")>;
using rest_atom = caf::atom_constant<caf::atom("rest")>;
using retry_atom = caf::atom_constant<caf::atom("retry")>;
using job_atom = caf::atom_constant<caf::atom("job")>;
using apply_atom = caf::atom_constant<caf::atom("apply")>;
using later_atom = caf::atom_constant<caf::atom("later")>;
using wait_atom = caf::atom_constant<caf::atom("wait")>;
using order_atom = caf::atom_constant<caf::atom("order")>;
using trouble_atom = caf::atom_constant<caf::atom("trouble")>;
using beat_atom = caf::atom_constant<caf::atom("beat")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;

/// The PIECE WRITER of a tenant: lays its packed blocks down at the destination.
using piece_writer_actor = caf::typed_actor<
    // The tenant was taken over (or a round began): write under this epoch; what came before is given up.
    caf::reacts_to<begin_atom, writer_start_ptr>,
    // Fenced or stopped: give up everything.
    caf::reacts_to<end_atom>,
    // A block of this epoch, from a compressor, in any order.
    caf::reacts_to<packed_atom, std::uint64_t, cut_block_ptr>,
    // Answers once every block of this epoch with a ticket up to this one is durable: what is durable by
    // then.
    caf::replies_to<durable_atom, std::uint64_t>::with<durable_report_ptr>,
    // No entry at or below this SCN will come: put footers under pieces that end there. Answers when it is
    // done.
    caf::replies_to<finish_atom, scn>::with<durable_report_ptr>,
    // Memory is short.
    caf::reacts_to<pressure_atom>,
    // The tenant is idle: close its segments.
    caf::reacts_to<rest_atom>,
    // To itself, after a pause.
    caf::reacts_to<retry_atom, std::uint64_t>>;

/// A COMPRESSOR: packs any block of any stream and hands it to the writer.
using compressor_actor =
    caf::typed_actor<caf::reacts_to<pack_atom, std::uint64_t, cut_block_ptr, piece_writer_actor>>;

/// The LOG STREAM actor of a tenant: cuts blocks, numbers them and sends them to the compressors; tells the
/// NOTIFIER what the host's listener shall hear.
using log_stream_actor = caf::typed_actor<
    // Blocks lie in the intake's queue, or a quiet tenant has log again. From host threads.
    caf::reacts_to<work_atom>,
    // The tenant is ours under this epoch: blocks may be cut. The rows say where each stream stands; the
    // flags, that a new round begins (the rows are those with which the one before ended), and that the round
    // has begun: it speaks for its streams from its first SCN on.
    caf::reacts_to<begin_atom, std::uint64_t, std::shared_ptr<const std::vector<stream_row>>, bool, bool>,
    // Fenced, stopped or over: give up what is not committed and tell the host where to resume.
    caf::reacts_to<end_atom, std::string>,
    // Cuts everything that is open. Answers the last ticket given.
    caf::replies_to<cut_atom>::with<std::uint64_t>,
    // A stream that was refused may go on. From the budget.
    caf::reacts_to<room_atom, std::uint64_t>,
    // Memory is short: cut the oldest partial blocks. From host threads.
    caf::reacts_to<pressure_atom>,
    // Has the listener called, after all that was told before.
    caf::reacts_to<notify_atom, notice>>;

/// The CHECKPOINT of a tenant: takes it over, commits, and says what is true.
using checkpoint_actor = caf::typed_actor<
    // A statement. Answers when it is recorded (archivelog: BEGINNING; noarchivelog: STOP, or given up on).
    caf::replies_to<order_atom, tenant_order_ptr>::with<bool>,
    // Somebody waits for a commit: make one now.
    caf::reacts_to<wait_atom, durable_wait_ptr>,
    // The tenant has log or an advance. From the log stream.
    caf::reacts_to<work_atom>,
    // A repeat wants the last committed block of a stream. From host threads.
    caf::reacts_to<repeat_atom, std::uint64_t>,
    // The writer cannot go on (nullptr: it can again).
    caf::reacts_to<trouble_atom, error_ptr>,
    // The same of a stream's source.
    caf::reacts_to<trouble_atom, std::uint64_t, error_ptr>,
    // An actor that the tenant needs has ended: stop. From the supervisor.
    caf::reacts_to<end_atom, error_ptr>,
    // To itself: look whether a checkpoint is due. Looks are numbered; only the last one ordered counts.
    caf::reacts_to<beat_atom, std::uint64_t>,
    // To itself: an operation that failed is tried again.
    caf::reacts_to<retry_atom, std::uint64_t>,
    // To itself: NOARCHIVELOG has waited long enough for the destination.
    caf::reacts_to<stop_atom, std::uint64_t>>;

/// The I/O POOL of a destination: a bounded number of workers, each with one job at a time.
using io_pool_actor = caf::typed_actor<
    // Runs the job; answers when it ran.
    caf::replies_to<job_atom, io_job_ptr>::with<bool>>;
/// Its workers.
using io_worker_actor = caf::typed_actor<caf::replies_to<job_atom, io_job_ptr>::with<bool>>;

/// The CATALOG WRITER: the one who writes to RocksDB.
using catalog_writer_actor = caf::typed_actor<
    // Writes and syncs; answers when it is safe.
    caf::replies_to<apply_atom, change_set_ptr>::with<bool>,
    // Status: collected and written in one batch per beat for all tenants.
    caf::reacts_to<later_atom, change_set_ptr>,
    // Writes what is collected now; answers when it is written.
    caf::replies_to<stop_atom>::with<bool>, caf::reacts_to<beat_atom>>;

} // namespace varve

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const std::vector<varve::stream_row>>)
