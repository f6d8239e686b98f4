#include "control/api/json_face.h"

#include <gmock/gmock.h>

#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "control/api/admin_subjects.h"
#include "control/api/oauth_token.h"
#include "control/coordinator/api_key_commands.h"
#include "control/coordinator/directory_fixture.h"
#include "nlohmann/json.hpp"

namespace warren::control {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

class JsonFaceTest : public DirectoryFixture {
 protected:
  JsonFaceTest() : calls_(ServerFacts()), door_(nullptr) {
    AddAllCalls(calls_);
    tailnet().users.at(alice_).role = policy::Role::kOwner;
    ApiKeyParams params;
    params.user = alice_;
    params.scopes = {"all"};
    key_ = CreateApiKey(*directory_, order(), tailnet(), params)->secret;
    params.kind = ApiKeyKind::kOauthClient;
    params.scopes = {"users:read"};
    client_ = CreateApiKey(*directory_, order(), tailnet(), params)->secret;
    coordinator_ = std::make_unique<Coordinator>(std::move(directory_),
                                                 [this] { return now_; });
    dispatcher_ =
        std::make_unique<AdminDispatcher>(*coordinator_, calls_, door_);
    face_ = std::make_unique<JsonFace>(*dispatcher_, JsonFace::Options());
    token_ = std::make_unique<OauthToken>(*coordinator_, OauthToken::Options());
  }
  ~JsonFaceTest() override {
    coordinator_->Stop();
    dispatcher_.reset();
  }

  io::WebRequest Request(const std::string& method, const std::string& path,
                         const std::string& body = "") {
    io::WebRequest request;
    request.method = method;
    request.path = absl::StrCat("/api/v1", path);
    request.headers = {{"Authorization", "Bearer " + key_}};
    request.client = "203.0.113.7";
    if (!body.empty()) {
      request.headers.emplace_back("Content-Type", "application/json");
      request.body = body;
    }
    return request;
  }
  io::WebReply Call(const std::string& method, const std::string& path,
                    const std::string& body = "") {
    return face_->Handle(Request(method, path, body));
  }

  AdminCalls calls_;
  Doorkeeper door_;
  std::string key_, client_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<AdminDispatcher> dispatcher_;
  std::unique_ptr<JsonFace> face_;
  std::unique_ptr<OauthToken> token_;
};

TEST_F(JsonFaceTest, ReadsAndWrites) {
  const io::WebReply made =
      Call("POST", "/tailnets/-/users", R"({"login": "bob"})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.content_type, "application/json");
  EXPECT_EQ(Json::parse(made.body)["role"], "member");
  const io::WebReply got = Call("GET", "/tailnets/-/users/bob");
  ASSERT_EQ(got.status, 200) << got.body;
  EXPECT_EQ(Json::parse(got.body)["login"], "bob");
}

TEST_F(JsonFaceTest, APatchChangesWhatItNames) {
  ASSERT_EQ(Call("PATCH", "/tailnets/-/settings",
                 R"({"settings": {"approve_devices": true}})")
                .status,
            200);
  const io::WebReply next = Call("PATCH", "/tailnets/-/settings",
                                 R"({"settings": {"approve_users": true}})");
  ASSERT_EQ(next.status, 200) << next.body;
  EXPECT_EQ(Json::parse(next.body)["approve_devices"], true);
  EXPECT_EQ(Json::parse(next.body)["approve_users"], true);
}

TEST_F(JsonFaceTest, AnEditOfAnOldPolicyIsRefused) {
  constexpr char kBody[] = R"({"text": "{\"acls\": []}", "force": true})";
  io::WebRequest put = Request("PUT", "/tailnets/-/policy", kBody);
  put.headers.emplace_back("If-Match", "\"0\"");
  const io::WebReply first = face_->Handle(put);
  ASSERT_EQ(first.status, 200) << first.body;
  const io::WebReply second = face_->Handle(put);
  EXPECT_EQ(second.status, 412) << second.body;
  bool has_etag = false;
  for (const auto& [name, value] : first.headers) {
    has_etag = has_etag || (name == "ETag" && value == "\"1\"");
  }
  EXPECT_TRUE(has_etag);
}

struct Refused {
  const char* name;
  const char *method, *path, *body;
  int status;
  const char* told;
};
const Refused kRefused[] = {
    {"no such path", "GET", "/nothing", "", 404, "nothing here"},
    {"other verb", "PUT", "/tailnets", "", 405, "GET"},
    {"unknown user", "GET", "/tailnets/-/users/zoe", "", 404, "zoe"},
    {"other tailnet", "GET", "/tailnets/other/users", "", 404, "other"},
    {"unknown field", "POST", "/tailnets/-/users", R"({"lgin": 1})", 400,
     "lgin"},
    {"path and body disagree", "POST", "/tailnets/-/users",
     R"({"tailnet": "other"})", 400, "disagree"},
    {"not json", "POST", "/tailnets/-/users", "login=x", 400, "JSON"},
    {"taken", "POST", "/tailnets/-/users", R"({"login": "alice"})", 409,
     "alice"},
    {"for the operator", "POST", "/tailnets", R"({"name": "x"})", 403,
     "operator"},
    {"body on a read", "GET", "/tailnets/-/users", "{}", 400, "no body"},
};

TEST_F(JsonFaceTest, RefusalsSayWhy) {
  for (const Refused& row : kRefused) {
    SCOPED_TRACE(row.name);
    const io::WebReply reply = Call(row.method, row.path, row.body);
    EXPECT_EQ(reply.status, row.status) << reply.body;
    EXPECT_EQ(reply.content_type, "application/problem+json");
    const Json problem = Json::parse(reply.body);
    EXPECT_EQ(problem["status"], row.status);
    EXPECT_THAT(problem["detail"].get<std::string>(), HasSubstr(row.told));
  }
}

TEST_F(JsonFaceTest, BadQueriesAreRefused) {
  for (const char* query : {"limit=-1", "limit=x", "limit=1&limit=2", "lmit=1",
                            "actor=%zz", "actor=%ff", "actor=%00"}) {
    io::WebRequest request = Request("GET", "/tailnets/-/audit");
    request.query = query;
    EXPECT_EQ(face_->Handle(request).status, 400) << query;
  }
  io::WebRequest capped = Request("GET", "/tailnets/-/audit");
  capped.query = "limit=1000000000";
  EXPECT_EQ(face_->Handle(capped).status, 200);
}

TEST_F(JsonFaceTest, WithoutACredentialNothingIsRead) {
  io::WebRequest request = Request("POST", "/tailnets/-/users", "garbage");
  request.headers = {{"Content-Type", "application/json"}};
  EXPECT_EQ(face_->Handle(request).status, 401);
  request.headers.emplace_back("Authorization", "Basic YTpi");
  EXPECT_EQ(face_->Handle(request).status, 401);
  request.headers = {{"Authorization", "Bearer " + key_},
                     {"Authorization", "Bearer " + key_}};
  EXPECT_EQ(face_->Handle(request).status, 401);
}

TEST_F(JsonFaceTest, ABodyIsJson) {
  io::WebRequest request = Request("POST", "/tailnets/-/users");
  request.body = R"({"login": "bob"})";
  EXPECT_EQ(face_->Handle(request).status, 415);
  request.headers.emplace_back("Content-Type", "text/plain");
  EXPECT_EQ(face_->Handle(request).status, 415);
}

TEST_F(JsonFaceTest, TheDescriptionHasEveryMethod) {
  io::WebRequest request = Request("GET", "/openapi.json");
  request.headers.clear();
  const Json document = Json::parse(face_->Handle(request).body);
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::set<std::string> ids;
  for (const AdminMethod& method : AdminMethods()) {
    const Json& operation =
        document["paths"][method.path][absl::AsciiStrToLower(method.verb)];
    EXPECT_EQ(operation["operationId"], method.name);
    ids.insert(method.name);
    const std::string ref = operation["responses"]["200"]["content"]
                                     ["application/json"]["schema"]["$ref"];
    const std::string schema = ref.substr(ref.rfind('/') + 1);
    EXPECT_TRUE(document["components"]["schemas"].contains(schema)) << schema;
  }
  EXPECT_EQ(ids.size(), AdminMethods().size());
}

TEST_F(JsonFaceTest, AClientChangesItsSecretForATokenOfAnHour) {
  io::WebRequest request;
  request.method = "POST";
  request.path = kTokenPath;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      absl::StrCat("grant_type=client_credentials&client_secret=", client_);
  const io::WebReply reply = token_->Handle(request);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json answer = Json::parse(reply.body);
  EXPECT_EQ(answer["expires_in"], 3600);
  EXPECT_EQ(answer["scope"], "users:read");
  key_ = answer["access_token"].get<std::string>();
  EXPECT_EQ(Call("GET", "/tailnets/-/users").status, 200);
  EXPECT_EQ(Call("GET", "/tailnets/-/nodes").status, 403);
  request.body += "&scope=all";
  EXPECT_EQ(Json::parse(token_->Handle(request).body)["error"],
            "invalid_scope");
  request.body = "grant_type=client_credentials&client_secret=woauth-x";
  EXPECT_EQ(token_->Handle(request).status, 401);
}

}  // namespace
}  // namespace warren::control
