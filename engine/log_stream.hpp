#pragma once

#include "engine/archive_engine_impl.hpp"

namespace varve {

/// How long the door waits for actors that have no reason to take long.
namespace engine_limits {
inline constexpr duration_ns statement = 60 * one_second;
}

/// One stream's handle. The engine outlives it.
class engine_stream final : public log_stream {
public:
  engine_stream(archive_engine_impl& engine, std::shared_ptr<tenant_intake> intake,
                std::shared_ptr<stream_buffer> buffer, bool pulled);
  ~engine_stream() override;

  append_answer append(const log_entry& entry) override;
  append_answer append_wait(const log_entry& entry) override;
  std::pair<append_answer, durable_future> append_durable(const log_entry& entry) override;
  append_answer append_durable(const log_entry& entry,
                               std::function<void(const durable_answer&)> done) override;
  status advance(scn upto) override;
  durable_future flush() override;
  status log_recycled(lsn oldest) override;
  lsn expected_lsn() const override;
  stream_position archived_position() const override;
  stream_position resume_lsn() const override;
  lsn recyclable_lsn() const override;
  tenant_id tenant() const override;
  stream_id stream() const override;

private:
  append_answer closed_answer() const;
  /// Why no commit will cover an entry that got this answer; nullopt: one will.
  std::optional<error> refusal(const append_answer& answer) const;
  void wait_until(lsn upto, std::function<void(const durable_answer&)> done);

  archive_engine_impl& engine_;
  std::shared_ptr<tenant_intake> intake_;
  std::shared_ptr<stream_buffer> buffer_;
  bool pulled_;
};

} // namespace varve
