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
  // Last, because it invalidates `it`.
  if (forgotten.protocol != 0) index_.erase(forgotten);
}

bool FlowTable::Admit(Instant now, const Flow& flow) {
  const auto it = index_.find(flow);
  if (it == index_.end()) return false;
  if (now - slots_[it->second].last_used > kIdle) return false;
  Touch(now, it->second);
  return true;
}

void FlowTable::Erase(const Flow& flow) {
  const auto it = index_.find(flow);
  if (it == index_.end()) return;
  const uint32_t slot = it->second;
  index_.erase(it);
  slots_[slot].flow = Flow();
  Unlink(slot);
  LinkAsOldest(slot);
}

void FlowTable::Retire(const Flow& flow) {
  const auto it = index_.find(flow);
  if (it == index_.end()) return;
  Unlink(it->second);
  LinkAsOldest(it->second);
}

std::vector<Flow> FlowTable::All() const {
  std::vector<Flow> all;
  for (uint32_t i = slots_[0].previous; i != 0; i = slots_[i].previous) {
    if (slots_[i].flow.protocol != 0) all.push_back(slots_[i].flow);
  }
  return all;
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

void FlowTable::LinkAsOldest(uint32_t slot) {
  const uint32_t oldest = slots_[0].previous;
  slots_[slot].previous = oldest;
  slots_[slot].next = 0;
  slots_[oldest].next = slot;
  slots_[0].previous = slot;
}

}  // namespace warren::filter
