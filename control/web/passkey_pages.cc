#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/account_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/identity/passkey.h"
#include "control/web/site_state.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

// Passkeys: the two calls of each ceremony that /assets/passkey.js makes, in
// JSON, bytes as base64url (WebAuthn §5.1).
namespace warren::control {
namespace {

using Json = nlohmann::json;

constexpr int64_t kFreshMs = 15LL * 60 * 1000;

io::WebReply JsonReply(int status, const Json& json) {
  io::WebReply reply;
  reply.status = status;
  reply.content_type = "application/json";
  reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

io::WebReply JsonFail(const absl::Status& status) {
  return JsonReply(absl::IsUnauthenticated(status) ? 401 : 400,
                   {{"error", std::string(status.message())}});
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return "";
  return found->get<std::string>();
}

// The bytes that a field of the answer spells; "" none.
std::string BytesOf(const Json& json, const char* name) {
  const auto bytes = ParseBase64Url(TextOf(json, name));
  return bytes ? std::string(AsText(*bytes)) : "";
}

// Without scheme and port.
std::string HostOf(const std::string& origin) {
  const std::string authority = origin.substr(origin.find("://") + 3);
  return authority.substr(0, authority.find(':'));
}

PasskeyExpectation Expect(const Site::State& site, const Visit& visit,
                          const std::string& challenge) {
  const std::string origin = OriginOf(visit.request, site.options.public_url);
  return {HostOf(origin), origin, challenge};
}

std::string NewChallenge(Site::State& site) {
  std::array<uint8_t, kPasskeyChallengeSize> challenge;
  site.rng.Fill(challenge);
  return std::string(AsText(challenge));
}

// The body, when it is a JSON object that answers an offer of this browser.
struct Answer {
  Json json;
  PasskeyOffer offer;
};
absl::StatusOr<Answer> ReadAnswer(Site::State& site, const Visit& visit) {
  Answer answer;
  answer.json = Json::parse(visit.request.body, nullptr, false);
  if (!answer.json.is_object()) {
    return absl::InvalidArgumentError("the answer is malformed");
  }
  auto offer = site.passkey_offers.Take(TextOf(answer.json, "token"),
                                        visit.browser, visit.now_ms);
  if (!offer) {
    return absl::FailedPreconditionError("this took too long: try again");
  }
  answer.offer = *std::move(offer);
  return answer;
}

Json UserOf(const Person& person) {
  ByteWriter handle;
  handle.U64(static_cast<uint64_t>(person.user.id.value()));
  return {{"id", ToBase64Url(handle.bytes())},
          {"name", person.user.login},
          {"displayName", person.user.display_name.empty()
                              ? person.user.login
                              : person.user.display_name}};
}

// Why this person may not add or remove passkeys now; OK: it may.
absl::Status MayChange(const Visit& visit) {
  if (!visit.person) return absl::UnauthenticatedError("sign in first");
  if (!visit.person->account) {
    return absl::FailedPreconditionError("you sign in elsewhere");
  }
  if (visit.now_ms - visit.person->session.created_ms > kFreshMs) {
    return absl::PermissionDeniedError(
        "sign out and in again first: this asks for a fresh sign-in");
  }
  return absl::OkStatus();
}

io::WebReply PostAddOptions(Site::State& site, const Visit& visit,
                            const std::string&) {
  const absl::Status may = MayChange(visit);
  if (!may.ok()) return JsonFail(may);
  const std::string challenge = NewChallenge(site);
  const std::string token = site.passkey_offers.Put(
      {challenge, visit.person->user.id}, visit.browser, visit.now_ms);
  Json params = Json::array();
  for (const int algorithm : {-7, -8, -257}) {  // ES256, EdDSA, RS256
    params.push_back({{"type", "public-key"}, {"alg", algorithm}});
  }
  const std::string rp = Expect(site, visit, challenge).rp_id;
  return JsonReply(200, {{"token", token},
                         {"publicKey",
                          {{"rp", {{"id", rp}, {"name", "Warren"}}},
                           {"user", UserOf(*visit.person)},
                           {"challenge", ToBase64Url(AsBytes(challenge))},
                           {"pubKeyCredParams", params},
                           {"attestation", "none"},
                           {"authenticatorSelection",
                            {{"residentKey", "required"},
                             {"requireResidentKey", true},
                             {"userVerification", "required"}}}}}});
}

absl::Status Add(Site::State& site, const Visit& visit) {
  WARREN_RETURN_IF_ERROR(MayChange(visit));
  WARREN_ASSIGN_OR_RETURN(const Answer answer, ReadAnswer(site, visit));
  if (answer.offer.user != visit.person->user.id) {
    return absl::FailedPreconditionError("begin again");
  }
  WARREN_ASSIGN_OR_RETURN(
      const NewPasskey made,
      CheckRegistration(Expect(site, visit, answer.offer.challenge),
                        BytesOf(answer.json, "clientDataJSON"),
                        BytesOf(answer.json, "attestationObject")));
  PasskeyRecord passkey;
  passkey.credential_id = made.credential_id;
  passkey.public_key = made.public_key;
  passkey.sign_count = made.sign_count;
  passkey.name = TextOf(answer.json, "name").substr(0, 60);
  return site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
    TailnetState* const tailnet = directory.Tailnet(visit.person->tailnet.id);
    if (tailnet == nullptr) return absl::NotFoundError("the tailnet is gone");
    Order order = visit.AsPerson();
    order.now_ms = now_ms;
    return AddPasskey(directory, order, *tailnet, passkey);
  });
}

io::WebReply PostAdd(Site::State& site, const Visit& visit,
                     const std::string&) {
  const absl::Status added = Add(site, visit);
  if (!added.ok()) return JsonFail(added);
  return JsonReply(200, {{"to", "/account?done=passkey"}});
}

io::WebReply PostRemove(Site::State& site, const Visit& visit,
                        const std::string&) {
  if (!visit.person) return site.AskToSignIn("/account");
  const auto id = ParseBase64Url(visit.form.Get("id"));
  absl::Status removed = MayChange(visit);
  if (!id) removed.Update(absl::InvalidArgumentError("say which passkey"));
  if (removed.ok()) {
    removed =
        site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
          TailnetState* const tailnet =
              directory.Tailnet(visit.person->tailnet.id);
          const std::string credential(AsText(*id));
          const FoundPasskey found = FindPasskey(directory, credential);
          if (tailnet == nullptr || found.record == nullptr ||
              found.record->user != visit.person->user.id) {
            return absl::NotFoundError("there is no such passkey");
          }
          Order order = visit.AsPerson();
          order.now_ms = now_ms;
          return RemovePasskey(directory, order, *tailnet, credential);
        });
  }
  if (!removed.ok()) return site.Fail(visit, removed);
  return RedirectTo("/account?done=passkey");
}

io::WebReply PostSignInOptions(Site::State& site, const Visit& visit,
                               const std::string&) {
  const std::string challenge = NewChallenge(site);
  const std::string token = site.passkey_offers.Put(
      {challenge, UserId()}, visit.browser, visit.now_ms);
  return JsonReply(200, {{"token", token},
                         {"publicKey",
                          {{"challenge", ToBase64Url(AsBytes(challenge))},
                           {"rpId", Expect(site, visit, challenge).rp_id},
                           {"userVerification", "required"},
                           {"allowCredentials", Json::array()}}}});
}

struct Stored {
  TailnetId tailnet;
  UserId user;
  std::string public_key;
};

absl::StatusOr<Stored> FindStored(Site::State& site, const std::string& id) {
  return site.Ask<Stored>(
      [&](Directory& directory, int64_t) -> absl::StatusOr<Stored> {
        const FoundPasskey found = FindPasskey(directory, id);
        if (found.record == nullptr ||
            !found.tailnet->record.settings.local_accounts) {
          return absl::UnauthenticatedError("this server does not know it");
        }
        return Stored{found.tailnet->record.id, found.record->user,
                      found.record->public_key};
      });
}

absl::StatusOr<Stored> CheckSignIn(Site::State& site, const Visit& visit) {
  WARREN_ASSIGN_OR_RETURN(const Answer answer, ReadAnswer(site, visit));
  if (answer.offer.user != UserId()) {
    return absl::FailedPreconditionError("begin again");
  }
  const std::string id = BytesOf(answer.json, "id");
  WARREN_ASSIGN_OR_RETURN(const Stored stored, FindStored(site, id));
  WARREN_ASSIGN_OR_RETURN(
      const uint32_t count,
      CheckAssertion(Expect(site, visit, answer.offer.challenge),
                     stored.public_key, BytesOf(answer.json, "clientDataJSON"),
                     BytesOf(answer.json, "authenticatorData"),
                     BytesOf(answer.json, "signature")));
  const absl::Status noted = site.Do([&](Directory& directory,
                                         int64_t now_ms) -> absl::Status {
    TailnetState* const tailnet = directory.Tailnet(stored.tailnet);
    if (tailnet == nullptr || !tailnet->users.contains(stored.user)) {
      return absl::NotFoundError("the account is gone");
    }
    Order order = visit.As(stored.user, tailnet->users.at(stored.user).login);
    order.now_ms = now_ms;
    WARREN_RETURN_IF_ERROR(
        NotePasskeyUse(directory, order, *tailnet, id, count));
    return NoteLocalSignIn(directory, order, *tailnet, stored.user).status();
  });
  if (!noted.ok()) return noted;
  return stored;
}

io::WebReply PostSignIn(Site::State& site, const Visit& visit,
                        const std::string&) {
  const std::string address = AddressKey(visit.request.client);
  if (site.by_address.WaitMs(address, visit.now_ms) > 0) {
    ++site.tally.limited;
    return JsonReply(429, {{"error", "too many attempts: wait a while"}});
  }
  const auto stored = CheckSignIn(site, visit);
  if (!stored.ok()) {
    ++site.tally.refused;
    site.by_address.Fail(address, visit.now_ms);
    return JsonFail(stored.status());
  }
  io::WebReply reply =
      site.Welcome(visit, stored->tailnet, stored->user, "passkey", "/account");
  if (reply.status != 303) {
    return JsonFail(absl::PermissionDeniedError("the account is suspended"));
  }
  io::WebReply answer = JsonReply(200, {{"ok", true}});
  for (const auto& header : reply.headers) {
    if (header.first == "Set-Cookie") answer.headers.push_back(header);
  }
  return answer;
}

}  // namespace

std::vector<SitePage> PasskeyPages() {
  return {{"POST", "/account/passkeys/options", PostAddOptions},
          {"POST", "/account/passkeys", PostAdd},
          {"POST", "/account/passkeys/remove", PostRemove},
          {"POST", "/signin/passkey/options", PostSignInOptions},
          {"POST", "/signin/passkey", PostSignIn}};
}

}  // namespace warren::control
