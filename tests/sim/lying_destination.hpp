#pragma once

#include "tests/harness/fault_destination.hpp"

namespace varve::test {

/// A destination whose segments answer sync() without having made anything durable: seen from above, an
/// engine that acknowledges before it syncs.
class lying_destination final : public fault_destination {
public:
  using fault_destination::fault_destination;

  result<std::unique_ptr<segment_file>> open_segment(const object_path& path) override {
    VARVE_TRY_ASSIGN(auto opened, fault_destination::open_segment(path));
    return std::unique_ptr<segment_file>(std::make_unique<lying_segment>(std::move(opened)));
  }

private:
  class lying_segment final : public segment_file {
  public:
    explicit lying_segment(std::unique_ptr<segment_file> real) : real_(std::move(real)) {}
    status append(std::span<const bytes_view> parts) override { return real_->append(parts); }
    status sync() override {
      synced_ = real_->size();
      return {};
    }
    std::uint64_t size() const override { return real_->size(); }
    std::uint64_t synced_size() const override { return synced_; }

  private:
    const std::unique_ptr<segment_file> real_;
    std::uint64_t synced_ = 0;
  };
};

} // namespace varve::test
