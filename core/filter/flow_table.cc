#include "core/filter/flow_table.h"

namespace warren::filter {

FlowTable::FlowTable() {
  slots_.reserve(kMaxFlows + 1);
  slots_.emplace_back();
  index_.reserve(kMaxFlows + 1);
}

void FlowTable::Remember(Instant now, const Flow& flow) {
  const auto [it, is_new] = index_.try_emplace(flow, 0);
  if (!is_new) return Touch(now, it->second);
  uint32_t slot;
  if (slots_.size() <= kMaxFlows) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = slots_[0].previous;
    Unlink(slot);
  }
  it->second = slot;
  const Flow forgotten = slots_[slot].flow;
  slots_[slot].flow = flow;
  slots_[slot].last_used = now;
  LinkAsNewest(slot);
  // Last, because it invalidates `it`. An empty slot's flow is nobody's.
  if (index_.size() > kMaxFlows) index_.erase(forgotten);
}

bool FlowTable::Admit(Instant now, const Flow& flow) {
  const auto it = index_.find(flow);
  if (it == index_.end()) return false;
  if (now - slots_[it->second].last_used > kIdle) return false;
  Touch(now, it->second);
  return true;
}

void FlowTable::Touch(Instant now, uint32_t slot) {
  slots_[slot].last_used = now;
  if (slots_[0].next == slot) return;
  Unlink(slot);
  LinkAsNewest(slot);
}

void FlowTable::Unlink(uint32_t slot) {
  slots_[slots_[slot].previous].next = slots_[slot].next;
  slots_[slots_[slot].next].previous = slots_[slot].previous;
}

void FlowTable::LinkAsNewest(uint32_t slot) {
  const uint32_t newest = slots_[0].next;
  slots_[slot].next = newest;
  slots_[slot].previous = 0;
  slots_[newest].previous = slot;
  slots_[0].next = slot;
}

}  // namespace warren::filter
