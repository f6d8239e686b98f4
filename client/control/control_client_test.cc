#include "client/control/control_client.h"

#include <grpcpp/server_builder.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/check.h"
#include "core/crypto/system_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/clock.h"
#include "io/grpc_test_service.h"
#include "io/noise_frontend.h"
#include "io/tcp.h"
#include "proto/convert/netmap.h"
#include "warren/v1/coordination.grpc.pb.h"

namespace warren::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(20);

// A control server's mind: what it answers and what it was told. Lives through
// restarts of the server.
class FakeControl final : public v1::Coordination::Service {
 public:
  grpc::Status Register(grpc::ServerContext* context,
                        const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override {
    if (request->auth_key() != "good") {
      return grpc::Status(grpc::StatusCode::PERMISSION_DENIED,
                          "this auth key has been used up");
    }
    response->mutable_node()->set_id(7);
    response->mutable_node()->set_name(request->wanted_name());
    response->mutable_node()->set_node_key(request->node_key());
    response->set_tailnet(io::TestCaller(*context)->ToString());
    response->set_user_login(request->host_info().os());
    return grpc::Status::OK;
  }

  // Sends a full netmap, then a diff for each rise of the version.
  grpc::Status WatchNetmap(
      grpc::ServerContext* context, const v1::WatchNetmapRequest* request,
      grpc::ServerWriter<v1::NetmapUpdate>* writer) override {
    if (!known_) return grpc::Status(grpc::StatusCode::NOT_FOUND, "removed");
    uint64_t sent = version_;
    v1::NetmapUpdate update;
    update.mutable_full()->set_version(sent);
    update.mutable_full()->mutable_self()->set_id(7);
    update.mutable_full()->mutable_self()->set_node_key(
        broken_ ? "short" : request->node_key());
    update.set_server_time_ms(1234);
    writer->Write(update);
    update.clear_server_time_ms();
    while (!context->IsCancelled()) {
      absl::SleepFor(absl::Milliseconds(2));
      if (sent == version_) continue;
      update.mutable_diff()->set_from_version(sent);
      update.mutable_diff()->set_to_version(sent = version_);
      writer->Write(update);
    }
    return grpc::Status::CANCELLED;
  }

  grpc::Status Report(grpc::ServerContext*, const v1::ReportRequest* request,
                      v1::ReportResponse*) override {
    ++num_reports_;
    if (busy_.exchange(false)) {
      return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy");
    }
    last_report_ = request->applied_version();
    return grpc::Status::OK;
  }

  grpc::Status Logout(grpc::ServerContext*, const v1::LogoutRequest*,
                      v1::LogoutResponse*) override {
    ++num_logouts_;
    return grpc::Status::OK;
  }

  std::atomic<bool> known_ = true, broken_ = false;
  std::atomic<bool> busy_ = false;  // for one report
  std::atomic<uint64_t> version_ = 1, last_report_ = 0;
  std::atomic<int> num_reports_ = 0, num_logouts_ = 0;
};

// A running server around a FakeControl.
struct Server {
  Server(FakeControl& control, const crypto::MachinePrivateKey& key, Rng& rng,
         uint16_t port, io::NoiseFrontendOptions options = {})
      : calls(control) {
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), port);
    auto started =
        io::NoiseFrontend::Start(std::move(options), key.Clone(), calls, rng);
    WARREN_CHECK(started.ok());
    frontend = *std::move(started);
  }
  io::GrpcTestService calls;
  std::unique_ptr<io::NoiseFrontend> frontend;
};

class ControlClientTest : public ::testing::Test {
 protected:
  ControlClientTest() : loop_(*io::EventLoop::Create()) {
    server_ =
        std::make_unique<Server>(control_, server_key_, rng_, uint16_t{0});
    port_ = server_->frontend->local().port();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~ControlClientTest() override {
    OnLoop([this] { client_.reset(); });
    loop_->Stop();
    thread_.join();
  }

  // Runs `task` on the loop's thread and waits for it.
  template <class Task>
  void OnLoop(Task task) {
    bool done = false;
    loop_->Post([&] {
      task();
      absl::MutexLock lock(&mutex_);
      done = true;
    });
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done));
  }

  void Start(std::optional<crypto::MachineKey> server_key = std::nullopt) {
    ControlCallbacks callbacks;
    callbacks.server_key = [this](const crypto::MachineKey& key) {
      Note(absl::StrCat("key ", key.ToString()));
    };
    callbacks.connection = [this](const absl::Status& status) {
      Note(status.ok() ? "up" : absl::StrCat("down ", status.ToString()));
    };
    callbacks.server_time = [this](absl::Duration time) {
      Note(absl::StrCat("time ", absl::ToInt64Milliseconds(time)));
    };
    callbacks.netmap = [this](const netmap::Netmap& netmap) {
      Note(absl::StrCat("full ", netmap.version));
    };
    callbacks.diff = [this](const netmap::NetmapDiff& diff) {
      Note(absl::StrCat("diff ", diff.from_version, "-", diff.to_version));
    };
    ControlOptions options{.url = {false, "127.0.0.1", port_},
                           .machine_key = machine_.Clone(),
                           .server_key = server_key,
                           .tls = {}};
    OnLoop([&] {
      client_ = std::make_unique<ControlClient>(
          *loop_, rng_, std::move(options), std::move(callbacks));
    });
  }

  absl::StatusOr<Registration> Register(const std::string& auth_key) {
    absl::Mutex mutex;
    std::optional<absl::StatusOr<Registration>> result;
    OnLoop([&] {
      RegisterParams params;
      params.node_key = node_.public_key();
      params.auth_key = auth_key;
      params.wanted_name = "alice";
      client_->Register(params, [&](absl::StatusOr<Registration> got) {
        absl::MutexLock lock(&mutex);
        result = std::move(got);
      });
    });
    absl::MutexLock lock(&mutex);
    const auto come = [&] { return result.has_value(); };
    mutex.Await(absl::Condition(&come));
    return *result;
  }

  void Watch() {
    OnLoop([&] { client_->Watch(node_.public_key()); });
  }
  void Report(uint64_t version) {
    OnLoop([&] {
      NodeReport report;
      report.node_key = node_.public_key();
      report.applied_version = version;
      client_->Report(report);
    });
  }

  // Notes what a callback said.
  void Note(std::string event) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
  }
  // Waits for an event that starts with `prefix`, after those seen before.
  std::string Await(const std::string& prefix) {
    absl::MutexLock lock(&mutex_);
    const auto find = [&] {
      size_t i = seen_;
      while (i < events_.size() && events_[i].rfind(prefix, 0) != 0) ++i;
      return i;
    };
    const auto come = [&] { return find() < events_.size(); };
    if (mutex_.AwaitWithTimeout(absl::Condition(&come), kPatience)) {
      seen_ = find() + 1;
      return events_[seen_ - 1];
    }
    return absl::StrCat("nothing like ", prefix);
  }
  template <class Fact>
  static bool Eventually(Fact fact) {
    const absl::Time end = absl::Now() + kPatience;
    while (!fact()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(2));
    }
    return true;
  }

  crypto::SystemRng rng_;
  const crypto::MachinePrivateKey server_key_ =
      crypto::MachinePrivateKey::Generate(rng_);
  const crypto::MachinePrivateKey machine_ =
      crypto::MachinePrivateKey::Generate(rng_);
  const crypto::NodePrivateKey node_ = crypto::NodePrivateKey::Generate(rng_);
  FakeControl control_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<ControlClient> client_;  // of the loop's thread
  absl::Mutex mutex_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mutex_);
  size_t seen_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

TEST_F(ControlClientTest, ComesAgainToABusyServerWhenItSaysSo) {
  server_.reset();
  io::NoiseFrontendOptions busy;
  busy.max_line = 0;
  server_ = std::make_unique<Server>(control_, server_key_, rng_, port_, busy);
  Start(server_key_.public_key());
  Watch();
  EXPECT_THAT(Await("down"),
              AllOf(StartsWith("down UNAVAILABLE"),
                    HasSubstr("is busy: it asks to come again in 1s")));
  // Else it would try after half a second, or a whole one at most.
  const io::Clock clock;
  const Instant told = clock.Now();
  EXPECT_THAT(Await("down"), HasSubstr("is busy"));
  EXPECT_GE(clock.Now() - told, absl::Seconds(1));
  server_.reset();
  server_ = std::make_unique<Server>(control_, server_key_, rng_, port_);
  EXPECT_EQ(Await("up"), "up");
}

TEST_F(ControlClientTest, RegistersThisMachine) {
  Start(server_key_.public_key());
  const auto registration = Register("good");
  ASSERT_TRUE(registration.ok()) << registration.status();
  EXPECT_EQ(registration->node.name, "alice");
  EXPECT_EQ(registration->node.node_key, node_.public_key());
  EXPECT_EQ(registration->tailnet, machine_.public_key().ToString());
  EXPECT_EQ(registration->user_login, "linux");
}

TEST_F(ControlClientTest, PassesOnWhyControlRefuses) {
  Start(server_key_.public_key());
  const auto registration = Register("used");
  EXPECT_EQ(registration.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(registration.status().message(), "this auth key has been used up");
}

TEST_F(ControlClientTest, TrustsTheFirstKeyItSeesAndTellsIt) {
  Start();
  ASSERT_TRUE(Register("good").ok());
  EXPECT_EQ(Await("key"),
            absl::StrCat("key ", server_key_.public_key().ToString()));
}

TEST_F(ControlClientTest, NamesBothKeysWhenTheServersIsNotTheTrustedOne) {
  const auto trusted = crypto::MachinePrivateKey::Generate(rng_).public_key();
  Start(trusted);
  const auto registration = Register("good");
  EXPECT_EQ(registration.status().code(),
            absl::StatusCode::kFailedPrecondition);
  const std::string message(registration.status().message());
  EXPECT_THAT(message, HasSubstr(trusted.ToString()));
  EXPECT_THAT(message, HasSubstr(server_key_.public_key().ToString()));
  Watch();
  EXPECT_THAT(Await("down"), HasSubstr("FAILED_PRECONDITION"));
}

TEST_F(ControlClientTest, SaysThatNobodyListens) {
  server_.reset();
  Start(server_key_.public_key());
  const auto registration = Register("good");
  EXPECT_EQ(registration.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(registration.status().message()),
              HasSubstr(absl::StrCat("http://127.0.0.1:", port_)));
}

TEST_F(ControlClientTest, DeliversTheNetmapAndItsDiffsInOrder) {
  Start(server_key_.public_key());
  Watch();
  EXPECT_EQ(Await("full"), "full 1");
  control_.version_ = 5;
  EXPECT_EQ(Await("diff"), "diff 1-5");
  control_.version_ = 6;
  EXPECT_EQ(Await("diff"), "diff 5-6");
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(events_,
              ElementsAre("up", "time 1234", "full 1", "diff 1-5", "diff 5-6"));
}

TEST_F(ControlClientTest, SurvivesARestartOfControl) {
  Start(server_key_.public_key());
  Watch();
  EXPECT_EQ(Await("full"), "full 1");
  Report(1);
  ASSERT_TRUE(Eventually([&] { return control_.num_reports_ == 1; }));
  server_.reset();
  EXPECT_THAT(Await("down"), HasSubstr("UNAVAILABLE"));
  control_.version_ = 9;
  server_ = std::make_unique<Server>(control_, server_key_, rng_, port_);
  EXPECT_EQ(Await("up"), "up");
  EXPECT_EQ(Await("full"), "full 9");
  // The new server may not know what the old one was told.
  EXPECT_TRUE(Eventually([&] { return control_.num_reports_ == 2; }));
}

TEST_F(ControlClientTest, RegistersThroughANewConnectionAfterARestart) {
  Start(server_key_.public_key());
  ASSERT_TRUE(Register("good").ok());
  server_.reset();
  server_ = std::make_unique<Server>(control_, server_key_, rng_, port_);
  EXPECT_TRUE(Register("good").ok());
}

TEST_F(ControlClientTest, StartsAnewWhenAskedTo) {
  Start(server_key_.public_key());
  Watch();
  EXPECT_EQ(Await("full"), "full 1");
  control_.version_ = 2;
  EXPECT_EQ(Await("diff"), "diff 1-2");
  OnLoop([&] { client_->Resync(); });
  EXPECT_EQ(Await("full"), "full 2");
}

TEST_F(ControlClientTest, SendsTheNewestOfManyReports) {
  Start(server_key_.public_key());
  Watch();
  Await("full");
  for (uint64_t version = 1; version <= 200; ++version) Report(version);
  EXPECT_TRUE(Eventually([&] { return control_.last_report_ == 200; }));
  EXPECT_LT(control_.num_reports_, 20);
}

TEST_F(ControlClientTest, RepeatsAReportThatABusyControlRefused) {
  control_.busy_ = true;
  Start(server_key_.public_key());
  Watch();
  Await("full");
  Report(5);
  EXPECT_TRUE(Eventually([&] { return control_.last_report_ == 5; }));
  EXPECT_EQ(control_.num_reports_, 2);
}

TEST_F(ControlClientTest, TellsThatControlDoesNotKnowTheNode) {
  control_.known_ = false;
  Start(server_key_.public_key());
  Watch();
  EXPECT_THAT(Await("down"), HasSubstr("NOT_FOUND"));
}

TEST_F(ControlClientTest, RefusesABrokenNetmapAndTriesAgain) {
  control_.broken_ = true;
  Start(server_key_.public_key());
  Watch();
  EXPECT_THAT(Await("down"), HasSubstr("INVALID_ARGUMENT"));
  control_.broken_ = false;
  EXPECT_EQ(Await("full"), "full 1");
}

TEST_F(ControlClientTest, LogsOut) {
  Start(server_key_.public_key());
  std::atomic<bool> done = false;
  OnLoop([&] {
    client_->Logout(node_.public_key(), [&](const absl::Status& status) {
      EXPECT_TRUE(status.ok()) << status;
      done = true;
    });
  });
  EXPECT_TRUE(Eventually([&] { return done.load(); }));
  EXPECT_EQ(control_.num_logouts_, 1);
}

TEST_F(ControlClientTest, EndsAtOnceWhileAServerKeepsSilent) {
  const auto silent =
      io::ListenTcp(net::Endpoint(net::IpAddress::V4(0x7f000001), 0));
  ASSERT_TRUE(silent.ok());
  port_ = io::LocalEndpoint(*silent).port();
  Start(server_key_.public_key());
  Watch();
  OnLoop([&] {
    client_->Register({}, [](const auto&) { ADD_FAILURE() << "too late"; });
  });
  const absl::Time start = absl::Now();
  OnLoop([&] { client_.reset(); });
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST_F(ControlClientTest, EndsWhileAnUpdateWaitsForTheLoop) {
  Start(server_key_.public_key());
  OnLoop([&] {
    // The loop is busy here while the stream begins; no update can be taken.
    client_->Watch(node_.public_key());
    EXPECT_TRUE(Eventually([&] {
      const auto counters = server_->frontend->counters();
      return counters.channels == counters.channels_ended + 1;
    }));
    absl::SleepFor(absl::Milliseconds(20));
    client_.reset();
  });
  absl::MutexLock lock(&mutex_);
  EXPECT_TRUE(events_.empty());
}

}  // namespace
}  // namespace warren::client
