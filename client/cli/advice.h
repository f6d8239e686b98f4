#ifndef WARREN_CLIENT_CLI_ADVICE_H_
#define WARREN_CLIENT_CLI_ADVICE_H_

#include <string>

#include "warren/v1/local.pb.h"

namespace warren::client {

// What a person has to know or do before this device has its peers, in whole
// lines; empty when there is nothing.
std::string AdviceFor(const v1::Status& status);
// The part of it about an administrator, who may have to approve the device.
std::string ApprovalAdvice(const v1::Status& status);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_ADVICE_H_
