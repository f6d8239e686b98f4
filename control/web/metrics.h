#ifndef WARREN_CONTROL_WEB_METRICS_H_
#define WARREN_CONTROL_WEB_METRICS_H_

#include <cstdint>
#include <string>

#include "control/api/coordination_service.h"
#include "control/api/doorkeeper.h"
#include "control/coordinator/coordinator.h"
#include "control/store/store_metrics.h"
#include "control/stream/stream_hub.h"
#include "control/web/web_face.h"
#include "control/webhook/webhooks.h"
#include "io/noise_frontend.h"

namespace warren::control {

// Who has something to tell. All are thread-safe and outlive the call.
struct MetricsSources {
  const StreamHub& hub;
  const io::NoiseFrontend& frontend;
  const CoordinationService& coordination;
  const Coordinator& coordinator;
  const StoreMetrics& store;
  const Doorkeeper& doorkeeper;
  const WebFace& web;
  const Webhooks& webhooks;
};

// What a control server has to tell, in the text format of Prometheus.
// docs/monitoring.md lists it.
std::string ToPrometheus(const MetricsSources& sources);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_METRICS_H_
