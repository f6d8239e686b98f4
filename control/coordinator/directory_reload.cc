#include <algorithm>
#include <utility>

#include "control/coordinator/directory.h"
#include "core/base/status_macros.h"

// What happens when the store could not keep what memory has already.
namespace warren::control {
namespace {

// `tailnet` was read anew; `before` is what was published, and perhaps more.
void CarryOver(TailnetState& before, TailnetState& tailnet) {
  for (auto& [id, node] : tailnet.nodes) {
    const auto old = before.nodes.find(id);
    if (old != before.nodes.end()) node.TakePresence(old->second);
  }
  if (before.snapshot == nullptr) return;
  tailnet.version = before.version;
  tailnet.snapshot = std::move(before.snapshot);
  for (const auto& node : tailnet.snapshot->own.nodes) {
    const NodeId id = node->node.id;
    if (!tailnet.nodes.contains(id)) tailnet.pending.removed.push_back(id);
  }
}

}  // namespace

void Directory::IfNotDurable(std::function<void()> undo) {
  undo_.push_back(std::move(undo));
}

void Directory::OnDurable() {
  undo_.clear();
  const bool wait = std::exchange(made_deliveries_, false);
  if (wait && options_.deliveries_wait) options_.deliveries_wait();
}

void Directory::GiveUpBatch() {
  store_->GiveUpBatch(absl::UnavailableError(
      "a change that was made at the same time failed: try again"));
}

absl::Status Directory::Reload(int64_t now_ms) {
  std::map<TailnetId, TailnetState> before = std::exchange(tailnets_, {});
  indexes_ = Indexes();
  const absl::Status filled = Fill(now_ms);
  if (!filled.ok()) {
    tailnets_ = std::move(before);
    return filled;
  }
  gone_.clear();
  for (auto& [id, old] : before) {
    const auto found = tailnets_.find(id);
    if (found != tailnets_.end()) {
      CarryOver(old, found->second);
    } else if (old.snapshot != nullptr) {
      gone_.push_back(id);
    }
  }
  while (!undo_.empty()) {
    const auto undo = std::move(undo_.back());
    undo_.pop_back();
    undo();
  }
  MoveDeadline();
  return absl::OkStatus();
}

}  // namespace warren::control
