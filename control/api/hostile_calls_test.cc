// Every field of every method of the admin API, filled with what it should not
// hold: by the descriptors, so that a method or field that is new is tried too.

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/api/admin_world.h"
#include "control/api/hostile_texts.h"
#include "control/api/json_message.h"
#include "control/coordinator/directory_memory.h"
#include "control/coordinator/names.h"
#include "control/document/apply.h"
#include "control/document/message_texts.h"
#include "control/document/yaml_message.h"
#include "control/store/database_file.h"
#include "control/store/store_test_people.h"
#include "warren/v1/tailnet_spec.pb.h"

namespace warren::control {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

// False: the field holds no number.
bool SetNumber(pb::Message& message, const Place& place, bool highest) {
  pb::Message* const inner = Inner(&message, place);
  const FieldDescriptor* const field = place.back().first;
  if (field->is_repeated()) return false;
  const pb::Reflection& reflection = *inner->GetReflection();
  const auto end = [highest]<class T>(T) {
    using Limits = std::numeric_limits<T>;
    return highest ? Limits::max() : Limits::min();
  };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      reflection.SetInt64(inner, field, end(int64_t()));
      return true;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.SetUInt64(inner, field, end(uint64_t()));
      return true;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(inner, field, end(int32_t()));
      return true;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(inner, field, end(uint32_t()));
      return true;
    default:
      return false;
  }
}

// What may be said of a request, whatever it held.
bool IsAnAnswer(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

// Nothing of this server is called so.
bool IsUnfit(absl::string_view text) {
  return text.size() > kMaxFieldText || !IsOneLine(text);
}

class HostileCallsTest : public AdminWorld {
 protected:
  // Over all tailnets there ever were.
  int64_t NewestAuditId() {
    int64_t newest = 0;
    for (const auto& [id, tailnet] : directory_->tailnets()) {
      tailnets_.insert(id);
    }
    for (const TailnetId id : tailnets_) {
      AuditFilter filter;
      filter.tailnet = id;
      filter.limit = 1;
      const auto rows = directory_->store().audit_log().Read(filter);
      EXPECT_TRUE(rows.ok()) << rows.status();
      if (!rows->empty()) newest = std::max(newest, rows->front().id);
    }
    return newest;
  }

  // Calls, looks at what came of it, and takes it back.
  void Try(const Caller& caller, const AdminMethod& method,
           const pb::Message& request, absl::string_view text = "") {
    const StoreContents before = MemoryOf(*directory_);
    const int64_t audited = NewestAuditId();
    directory_->store().BeginBatch();
    const auto response = method.NewResponse();
    const absl::Status status = Run(caller, method, request, *response);
    EXPECT_TRUE(IsAnAnswer(status.code())) << status;
    const std::string message(status.message());
    EXPECT_LE(message.size(), 4000u) << message.substr(0, 200);
    EXPECT_EQ(message.find_first_of(std::string("\0\r\x1b", 3)),
              std::string::npos)
        << message;
    if (!status.ok()) EndRefused();
    const StoreContents after = MemoryOf(*directory_);
    const auto stored = directory_->store().Load();
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_TRUE(SameContents(after, *stored)) << "memory is not the store";
    const bool changed = !SameContents(before, after);
    if (!status.ok()) {
      EXPECT_FALSE(changed) << "half done: " << status;
    } else {
      EXPECT_TRUE(!changed || NewestAuditId() > audited) << "not on record";
      EXPECT_FALSE(changed && IsUnfit(text)) << "taken";
      const auto json = ToJson(*response);
      EXPECT_TRUE(json.ok()) << json.status();
    }
    ++num_tried_;
    if (status.ok()) return TakeBack();
    ++num_refused_;
  }
  // As the coordinator does.
  void EndRefused() {
    if (directory_->store().CommitBatch().ok()) return;
    ASSERT_EQ(directory_->Reload(now_), absl::OkStatus());
  }
  void TakeBack() {
    Store& store = directory_->store();
    store.GiveUpBatch(absl::AbortedError("test"));
    store.CommitBatch().IgnoreError();
    ASSERT_EQ(directory_->Reload(now_), absl::OkStatus());
    std::error_code none;
    std::filesystem::remove(Folder() + "/copy.db", none);
  }

  std::set<TailnetId> tailnets_;
  int num_tried_ = 0, num_refused_ = 0;
};

TEST_F(HostileCallsTest, EveryGoodRequestIsTakenAndOnRecord) {
  for (const AdminMethod& method : AdminMethods()) {
    SCOPED_TRACE(method.name);
    const auto request = GoodRequest(method);
    ASSERT_NE(request, nullptr);
    num_refused_ = 0;
    Try(Operator(), method, *request);
    EXPECT_EQ(num_refused_, 0);
  }
}

TEST_F(HostileCallsTest, NoTextDoesHarm) {
  for (const Caller& caller : {Operator(), Owner()}) {
    for (const AdminMethod& method : AdminMethods()) {
      const auto good = GoodRequest(method);
      std::vector<Place> places;
      AppendPlaces(*good, {}, places);
      for (const Place& place : places) {
        if (place.back().first->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
          continue;
        }
        for (const std::string& text : HostileTexts()) {
          SCOPED_TRACE(absl::StrCat(method.name, ".", ToString(place), " by ",
                                    caller.actor, ": ", Printable(text)));
          const std::unique_ptr<pb::Message> request(good->New());
          request->CopyFrom(*good);
          SetText(*request, place, text);
          Try(caller, method, *request, text);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  EXPECT_GT(num_tried_, 3000);
  EXPECT_GT(num_refused_, num_tried_ / 2);
  directory_.reset();
  EXPECT_TRUE(CheckDatabase(DatabasePath(Folder()), CheckDepth::kFull).ok());
}

TEST_F(HostileCallsTest, NoNumberDoesHarm) {
  for (const AdminMethod& method : AdminMethods()) {
    const auto good = GoodRequest(method);
    std::vector<Place> places;
    AppendPlaces(*good, {}, places);
    for (const Place& place : places) {
      for (const bool highest : {false, true}) {
        SCOPED_TRACE(absl::StrCat(method.name, ".", ToString(place),
                                  highest ? " highest" : " lowest"));
        const std::unique_ptr<pb::Message> request(good->New());
        request->CopyFrom(*good);
        if (SetNumber(*request, place, highest)) {
          Try(Operator(), method, *request);
        }
      }
    }
  }
  EXPECT_GT(num_tried_, 30);
}

// Lists of more than anybody has: other texts, all like the one that is good.
TEST_F(HostileCallsTest, NoListIsTakenThatNeverEnds) {
  for (const AdminMethod& method : AdminMethods()) {
    const auto good = GoodRequest(method);
    std::vector<Place> places;
    AppendPlaces(*good, {}, places);
    for (const Place& place : places) {
      const FieldDescriptor* field = place.back().first;
      if (!field->is_repeated() ||
          field->type() != FieldDescriptor::TYPE_STRING) {
        continue;
      }
      SCOPED_TRACE(absl::StrCat(method.name, ".", ToString(place)));
      const std::unique_ptr<pb::Message> request(good->New());
      request->CopyFrom(*good);
      pb::Message* const inner = Inner(request.get(), place);
      const pb::Reflection& reflection = *inner->GetReflection();
      const std::string one = reflection.GetRepeatedString(*inner, field, 0);
      for (int i = 0; i < 20'000; ++i) {
        reflection.AddString(inner, field, absl::StrCat(one, i));
      }
      num_refused_ = 0;
      Try(Operator(), method, *request);
      EXPECT_EQ(num_refused_, 1) << "taken";
    }
  }
}

// The same for every field of a document of the whole tailnet, which is taken
// as a whole or not at all.
TEST_F(HostileCallsTest, NoDocumentDoesHarm) {
  v1::TailnetSpec good;
  ASSERT_EQ(FromYaml(ExportYaml(tailnet()), good), absl::OkStatus());
  auto& identity = *good.mutable_users(0)->add_identities();
  identity.set_issuer("https://id.example.com");
  identity.set_subject("7");
  identity.set_email("a@example.com");
  identity.add_groups("staff");
  (*good.mutable_nodes(0)->mutable_attributes())["custom:tier"] = "gold";
  std::vector<Place> places;
  AppendPlaces(good, {}, places);
  EXPECT_GT(places.size(), 60u);
  for (const Place& place : places) {
    if (place.back().first->type() != FieldDescriptor::TYPE_STRING) continue;
    for (const std::string& text : HostileTexts()) {
      if (text.size() > 5000) continue;  // YAML is slow
      SCOPED_TRACE(absl::StrCat(ToString(place), ": ", Printable(text)));
      v1::TailnetSpec spec = good;
      SetText(spec, place, text);
      v1::ApplyTailnetRequest request;
      request.set_tailnet(tailnet().record.name);
      request.set_yaml(ToYaml(spec, ""));
      request.set_prune(true);
      request.set_force(true);
      Try(Operator(), *FindAdminMethod("ApplyTailnet"), request, text);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(num_refused_, num_tried_ / 2);
}

// What was taken comes back after a restart as it was, and the tables are all
// there.
TEST_F(HostileCallsTest, WhatWasTakenIsStoredAsText) {
  for (const AdminMethod& method : AdminMethods()) {
    if (!method.Mutates() || method.name == "DeleteTailnet") continue;
    std::vector<Place> places;
    AppendPlaces(*GoodRequest(method), {}, places);
    for (const Place& place : places) {
      if (place.back().first->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
        continue;
      }
      const auto request = GoodRequest(method);
      SetText(*request, place, HostileTexts().front());
      const auto response = method.NewResponse();
      Run(Operator(), method, *request, *response).IgnoreError();
    }
  }
  StoreContents before = MemoryOf(*directory_);
  Restart();
  StoreContents after = MemoryOf(*directory_);
  ASSERT_EQ(before.tailnets.size(), after.tailnets.size());
  for (size_t i = 0; i < before.tailnets.size(); ++i) {
    // A start reserves numbers for its netmaps.
    before.tailnets[i].version = after.tailnets[i].version;
  }
  EXPECT_TRUE(SameContents(before, after));
  directory_.reset();
  EXPECT_TRUE(CheckDatabase(DatabasePath(Folder()), CheckDepth::kFull).ok());
}

}  // namespace
}  // namespace warren::control
