#include "core/netcheck/captive_portal.h"

#include <string>

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using ::warren::testing::At;

TEST(PortalRequest, AsksAsRelaysExpect) {
  EXPECT_EQ(PortalRequest(At("198.51.100.1:80"), 7),
            "GET /generate_204?t=7 HTTP/1.1\r\n"
            "Host: 198.51.100.1\r\n"
            "Cache-Control: no-cache, no-store, must-revalidate, "
            "no-transform, max-age=0\r\n"
            "X-Tailscale-Challenge: ts_198.51.100.1\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_NE(PortalRequest(At("198.51.100.1:8080"), 7)
                .find("Host: 198.51.100.1:8080\r\n"),
            std::string::npos);
}

struct Case {
  const char* name;
  const char* response;
  PortalVerdict want;
};

class JudgePortalTest : public ::testing::TestWithParam<Case> {};

TEST_P(JudgePortalTest, TellsARelayFromAPortal) {
  EXPECT_EQ(JudgePortalResponse(GetParam().response, At("198.51.100.1:80")),
            GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , JudgePortalTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Relay",
         "HTTP/1.1 204 No Content\r\nCache-Control: no-cache\r\n"
         "x-tailscale-response:  response ts_198.51.100.1\r\n\r\n",
         PortalVerdict::kRelay},
        {"RelayCutOffBehindTheHeader",
         "HTTP/1.1 204 No Content\r\n"
         "X-Tailscale-Response: response ts_198.51.100.1\r\nDate",
         PortalVerdict::kRelay},
        {"Redirect", "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n",
         PortalVerdict::kPortal},
        {"SignInPage", "HTTP/1.0 200 OK\r\n\r\n<html>", PortalVerdict::kPortal},
        {"NoContentWithoutOurChallenge", "HTTP/1.1 204 No Content\r\n\r\n",
         PortalVerdict::kPortal},
        {"AnotherChallenge",
         "HTTP/1.1 204 No Content\r\n"
         "X-Tailscale-Response: response ts_198.51.100.2\r\n\r\n",
         PortalVerdict::kPortal},
        {"ChallengeInTheBody",
         "HTTP/1.1 204 No Content\r\n\r\n"
         "X-Tailscale-Response: response ts_198.51.100.1\r\n",
         PortalVerdict::kPortal},
        {"Nothing", "", PortalVerdict::kUnclear},
        {"Tls", "\x15\x03\x01\r\n", PortalVerdict::kUnclear},
        {"Ssh", "SSH-2.0-OpenSSH\r\n", PortalVerdict::kUnclear},
        {"NoStatus", "HTTP/1.1\r\n", PortalVerdict::kUnclear},
        {"StatusOfTwoDigits", "HTTP/1.1 20\r\n", PortalVerdict::kUnclear},
        {"StatusOfLetters", "HTTP/1.1 abc\r\n", PortalVerdict::kUnclear},
    }),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::netcheck
