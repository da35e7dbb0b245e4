#pragma once

#include "actors/cut_block.hpp"
#include "actors/segment_writer.hpp"
#include "catalog/change_set.hpp"
#include "engine/archive_engine.hpp"
#include "engine/destination/destination.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <string>

/// What travels between actors. Everything big is behind a shared_ptr to something that is not changed any
/// more; nothing here is ever serialised.
namespace varve {

/// One piece of work for an I/O actor. It runs on the actor's thread with the destination, or with the reason
/// why there is none, and leaves its outcome where the lambda says; the answer to the message only says that
/// it ran.
struct io_job {
  std::string label; ///< for traces: "append t1/…"
  std::function<void(const result<std::shared_ptr<destination>>&)> run;
  bool reopen = false; ///< set by run: the root of the destination is not what was opened; open it again
};
using io_job_ptr = std::shared_ptr<io_job>;

/// The same for the catalog.
using change_set_ptr = std::shared_ptr<change_set>;

using writer_start_ptr = std::shared_ptr<const writer_start>;
using error_ptr = std::shared_ptr<const error>;

/// A call to the host's listener, in the order things happened.
using notice = std::shared_ptr<std::function<void(archive_listener&)>>;

/// Somebody who waits until a commit covers an LSN of a stream (or everything a tenant has accepted).
/// Answered once, at the latest when nobody holds it any more.
struct durable_wait {
  durable_wait() = default;
  durable_wait(const durable_wait&) = delete;
  durable_wait& operator=(const durable_wait&) = delete;
  ~durable_wait() { answer({fail(errc::closed, "the engine is closed"), {}}); }
  void answer(const durable_answer& what) {
    if (auto tell = std::exchange(done, nullptr))
      tell(what);
  }

  stream_id stream;
  bool whole_tenant = false;
  lsn upto = 0;
  std::vector<std::pair<stream_id, lsn>>
      accepted;               ///< of the whole tenant: by the streams, when it began to wait
  std::uint64_t left_out = 0; ///< tenant_intake::left_out_told() when it was asked for
  std::function<void(const durable_answer&)> done;
};
using durable_wait_ptr = std::shared_ptr<durable_wait>;

/// What a statement tells a tenant's checkpoint actor.
struct tenant_order {
  enum class kind : std::uint8_t { archivelog, noarchivelog, interrupt, options, close, drop };
  kind what = kind::options;
  std::string destination; ///< archivelog: the URI
  dest_option option;      ///< archivelog, options
  break_record broken;     ///< interrupt
};
using tenant_order_ptr = std::shared_ptr<const tenant_order>;

} // namespace varve

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::io_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::change_set_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::cut_block_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::writer_start_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::durable_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::error_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::durable_wait_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(varve::tenant_order_ptr)
