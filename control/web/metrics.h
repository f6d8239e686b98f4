#ifndef WARREN_CONTROL_WEB_METRICS_H_
#define WARREN_CONTROL_WEB_METRICS_H_

#include <string>

#include "control/stream/stream_hub.h"
#include "io/noise_frontend.h"

namespace warren::control {

// What a control server has to tell, in the text format of Prometheus.
std::string ToPrometheus(const StreamHubCounters& streams,
                         const io::NoiseFrontendCounters& door);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_METRICS_H_
