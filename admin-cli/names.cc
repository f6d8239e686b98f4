#include "admin-cli/nouns.h"

namespace warren::admin {
namespace {

v1::ListRequest InTailnet(const Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  return request;
}

}  // namespace

std::vector<std::string> NamesOf(Session& session, const std::string& kind) {
  using Stub = Session::Stub;
  std::vector<std::string> names;
  if (kind == "node") {
    const auto all = session.Call(&Stub::ListNodes, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->nodes()) names.push_back(one.node().name());
  } else if (kind == "user") {
    const auto all = session.Call(&Stub::ListUsers, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->users()) names.push_back(one.login());
  } else if (kind == "key") {
    const auto all = session.Call(&Stub::ListAuthKeys, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->keys()) names.push_back(one.prefix());
  } else if (kind == "api-key" || kind == "oauth-client") {
    const auto all = session.Call(&Stub::ListApiKeys, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->keys()) {
      if (one.kind() == kind) names.push_back(one.prefix());
    }
  } else if (kind == "tailnet") {
    const auto all =
        session.Call(&Stub::ListTailnets, v1::ListTailnetsRequest());
    if (!all.ok()) return names;
    for (const auto& one : all->tailnets()) names.push_back(one.name());
  } else if (kind == "provider") {
    const auto all = session.Call(&Stub::ListProviders, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->providers()) names.push_back(one.name());
  } else if (kind == "webhook") {
    const auto all = session.Call(&Stub::ListWebhooks, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->webhooks()) names.push_back(one.name());
  } else if (kind == "relay") {
    const auto all = session.Call(&Stub::ListRelays, InTailnet(session));
    if (!all.ok()) return names;
    for (const auto& one : all->regions()) names.push_back(one.code());
  }
  return names;
}

}  // namespace warren::admin
