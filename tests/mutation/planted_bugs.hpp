#pragma once

#include <cstdint>

/// The bugs that tests plant, and the switch between them. The places are where VARVE_PLANT() names a bug in
/// the files that tests/mutation/CMakeLists.txt compiles a second time; what each bug does and what finds it
/// is in planted_table.cpp.
namespace varve::test {

enum class planted_bug : std::uint8_t {
  none,
  // actors/commit_sequence.cpp
  no_second_look,
  taker_does_not_look,
  taker_does_not_list_again,
  unanswered_look_is_yes,
  taken_name_is_ours,
  ours_by_id,
  lost_reply_is_anothers,
  commits_deleted_out_of_order,
  newest_commit_deleted,
  deleted_at_the_same_pass,
  no_predecessor,
  // actors/checkpoint_takeover.cpp
  fenced_still_acknowledges,
  commit_replaced,
  destination_behind_unseen,
  quiet_rows_not_written,
  checkpoint_in_force_early,
  grid_not_anchored,
  object_made_anew,
  outbox_not_told,
  fenced_outbox_kept,
  // actors/checkpoint_outbox.cpp
  writer_not_noted,
  any_commit_is_ours,
  // actors/checkpoint_cycle.cpp
  forgotten_while_waited_for,
  checkpoint_is_max,
  acknowledged_before_commit,
  status_before_commit,
  checkpoint_goes_back,
  round_starts_early,
  // actors/checkpoint_rounds.cpp
  break_not_journalled,
  stop_not_in_outbox,
  // actors/checkpoint.cpp
  old_commit_answers,
  // actors/checkpoint_status.cpp
  wrong_waiter_answered,
  journal_forgotten_early,
  // actors/segment_writer.cpp
  blocks_in_order_of_arrival,
  commit_before_its_segment,
  released_when_written,
  footer_not_synced,
  failed_sync_repeated,
  abandoned_too_long,
  abandoned_segment_removed,
  rewritten_in_another_order,
  unsynced_given_up,
  start_object_of_other_bounds,
  finished_while_blocks_wait,
  // actors/piece_writer.cpp
  acknowledged_before_sync,
  failed_sync_ignored,
  old_answer_believed,
  old_block_taken,
  // actors/piece_ledger.cpp
  position_not_restored,
  round_id_reused,
  piece_id_reused,
  sealed_before_its_last_segment,
  abandoned_segments_forgotten,
  sealed_counted_twice,
  index_not_linked,
  piece_lists_not_linked,
  // actors/stream_buffer.cpp
  advance_over_what_was_given_up,
  gap_accepted,
  entry_below_advance_accepted,
  border_one_too_far,
  conflict_accepted,
  advance_one_too_far,
  // actors/round_start.cpp
  older_advance_tells_beginning,
  // actors/stream_recovery.cpp
  left_out_taken_for_durable,
  recut_loses_an_entry,
  blocks_under_way_overlooked,
  given_up_not_asked_again,
  dropped_early,
  // actors/memory_budget.cpp
  room_not_told,
  credit_lost,
  destination_takes_all,
  // actors/taken_state.cpp
  catalog_not_caught_up,
  // actors/io_pool.cpp
  object_not_compared,
  status_goes_back,
  // engine/policy/checkpoint_rule.cpp
  pending_log_overlooked,
  checkpoint_at_x,
  checkpoint_too_old,
  // engine/destination/file_destination.cpp
  content_not_synced,
  name_not_synced,
  object_replaced,
  // engine/destination/file_segment.cpp
  broken_file_synced_again,
  segment_name_not_synced,
  // engine/destination/file_root.cpp
  folder_name_not_synced,
};

/// The bug that is on. Set while nothing of an engine runs.
extern planted_bug planted_now;

} // namespace varve::test

#define VARVE_PLANT(bug, ...)                                                                                \
  if (::varve::test::planted_now == ::varve::test::planted_bug::bug) {                                       \
    __VA_ARGS__;                                                                                             \
  }
