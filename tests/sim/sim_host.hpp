#pragma once

#include "engine/archive_engine.hpp"
#include "tests/sim/host_log.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace varve::test {

class sim_engine;
class sim_world;

/// The host of one tenant in one process: writes log, hands it over or is asked for it, promises, waits,
/// recycles, and now and then does what it must not. What it may rely on it says to the model.
class sim_host {
public:
  sim_host(sim_engine& engine, tenant_id tenant);
  ~sim_host();

  void turn_later();
  /// A database opens a stream before it hands anything over that is newer.
  void open_new_streams();
  void let_go(); ///< closes the handles of its streams
  void forget(); ///< the tenant is dropped, and what was of it; let_go() came before

  void round_began();
  void round_ended() { no_round(); } ///< NOARCHIVELOG was answered
  void must_resend(stream_id id);
  void lost_the_tenant();
  void takes_back() { fenced_ = false; } ///< its engine was told to
  void interrupted();
  void room(stream_id stream);
  void durable(stream_id stream, const stream_position& position);

  /// Log that the engine still wants is gone.
  bool has_lost_log() const;
  lsn archived(stream_id stream) const;
  std::size_t open_waits() const { return waits_.size(); }
  std::string standing() const;

private:
  class stream;
  struct wait {
    /// What of a stream must be durable when the answer says so.
    struct claim {
      stream_id stream;
      std::size_t first;
      lsn upto;
    };
    durable_future answer;
    std::vector<claim> wanted;
    bool archives; ///< when it was asked
  };

  void turn();
  void write_some();
  void hand_over(stream& to);
  void look_for_lost_log(stream& in);
  bool hand_over_one(stream& to, std::size_t which);
  void refused(stream& to, std::size_t which, const append_answer& answer);
  bool tell_recycled(stream& of);
  void advance();
  void move_replay_point();
  void no_round();
  struct promise {
    scn above, upto; ///< it says that all above one comes, and nothing up to the other
  };
  std::optional<promise> may_promise(const stream& of) const;
  void ask_for_durable();
  void look_at_waits();
  bool may_fail(const wait& asked, errc code) const;
  void acknowledge(stream_id id, lsn upto);
  void recycle(stream& of);
  void err(stream& in);
  void end_dropped(stream& of);
  std::string name(const stream& of) const;

  sim_engine& engine_;
  sim_world& world_;
  const tenant_id tenant_;
  const std::shared_ptr<const bool> alive_;
  std::map<stream_id, std::unique_ptr<stream>> streams_;
  std::vector<wait> waits_;
  bool has_promised_ = false; // since a round takes its log
  bool fenced_ = false;       // and nobody has said ARCHIVELOG since
};

} // namespace varve::test
