#include "core/policy/parse_rules.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::policy {
namespace {

using Fields = std::vector<JsonField>;

// Fields of the common types.
JsonField TextsField(std::string name, Texts& into, ShapeReader& shape,
                     std::string legacy = "") {
  const auto read = [name, &into, &shape](const JsonValue& value) {
    into = shape.Strings(value, absl::StrCat("\"", name, "\""));
  };
  return {std::move(name), read, std::move(legacy)};
}

JsonField TextField(std::string name, Text& into, ShapeReader& shape,
                    std::string legacy = "") {
  const auto read = [name, &into, &shape](const JsonValue& value) {
    into = shape.String(value, absl::StrCat("\"", name, "\""));
  };
  return {std::move(name), read, std::move(legacy)};
}

JsonField BoolField(std::string name, bool& into, ShapeReader& shape) {
  const auto read = [name, &into, &shape](const JsonValue& value) {
    into = shape.Bool(value, absl::StrCat("\"", name, "\""));
  };
  return {std::move(name), read};
}

AppCapability ReadCapability(const JsonMember& member, ShapeReader& shape) {
  AppCapability capability;
  capability.name = NameOf(member);
  if (member.value.kind == JsonKind::kNull) return capability;
  capability.empty_list = member.value.items.empty();
  shape.List(member.value, absl::StrCat("\"", capability.name.text, "\""),
             [&](const JsonValue& item) {
               capability.values.push_back(ToJson(item));
             });
  return capability;
}

JsonField AppField(std::vector<AppCapability>& into, ShapeReader& shape) {
  return {"app", [&into, &shape](const JsonValue& value) {
            shape.Map(value, "\"app\"", [&](const JsonMember& member) {
              into.push_back(ReadCapability(member, shape));
            });
          }};
}

std::string TestAttributeText(const JsonValue& value) {
  return value.kind == JsonKind::kString ? value.text : ToJson(value);
}

}  // namespace

Acl ReadAcl(const JsonValue& value, ShapeReader& shape) {
  Acl acl;
  acl.place = value.place;
  acl.action.place = value.place;
  const Fields fields = {
      TextField("action", acl.action, shape),
      TextsField("src", acl.src, shape, "users"),
      TextsField("dst", acl.dst, shape, "ports"),
      TextField("proto", acl.proto, shape),
      TextsField("srcPosture", acl.src_posture, shape),
  };
  shape.Object(value, "an entry of \"acls\"", fields, /*skip_hash=*/true);
  return acl;
}

Grant ReadGrant(const JsonValue& value, ShapeReader& shape) {
  Grant grant;
  grant.place = value.place;
  const Fields fields = {
      TextsField("src", grant.src, shape),
      TextsField("dst", grant.dst, shape),
      TextsField("ip", grant.ip, shape),
      AppField(grant.app, shape),
      TextsField("via", grant.via, shape),
      TextsField("srcPosture", grant.src_posture, shape),
  };
  shape.Object(value, "an entry of \"grants\"", fields);
  return grant;
}

SshRule ReadSshRule(const JsonValue& value, ShapeReader& shape) {
  SshRule rule;
  rule.place = value.place;
  rule.action.place = value.place;
  const Fields fields = {
      TextField("action", rule.action, shape),
      TextsField("src", rule.src, shape),
      TextsField("dst", rule.dst, shape),
      {"users",
       [&](const JsonValue& users) {
         rule.users = shape.Strings(users, "\"users\"");
         rule.users_given = true;
       }},
      {"checkPeriod",
       [&](const JsonValue& period) {
         rule.check_period = shape.String(period, "\"checkPeriod\"");
       }},
      TextsField("acceptEnv", rule.accept_env, shape),
      TextsField("srcPosture", rule.src_posture, shape),
      TextsField("recorder", rule.recorder, shape),
      BoolField("enforceRecorder", rule.enforce_recorder, shape),
  };
  shape.Object(value, "an entry of \"ssh\"", fields);
  return rule;
}

NodeAttribute ReadNodeAttribute(const JsonValue& value, ShapeReader& shape) {
  NodeAttribute attribute;
  attribute.place = value.place;
  const Fields fields = {
      TextsField("target", attribute.target, shape),
      TextsField("attr", attribute.attr, shape),
      AppField(attribute.app, shape),
      TextsField("ipPool", attribute.ip_pool, shape),
  };
  shape.Object(value, "an entry of \"nodeAttrs\"", fields);
  return attribute;
}

Test ReadTest(const JsonValue& value, ShapeReader& shape) {
  Test test;
  test.place = value.place;
  const Fields fields = {
      TextField("src", test.src, shape, "user"),
      {"proto",
       [&](const JsonValue& proto) {
         test.proto = shape.String(proto, "\"proto\"");
       }},
      TextsField("accept", test.accept, shape, "allow"),
      TextsField("deny", test.deny, shape),
      {"srcPostureAttrs",
       [&](const JsonValue& attributes) {
         shape.Map(attributes, "\"srcPostureAttrs\"",
                   [&](const JsonMember& member) {
                     test.src_posture_attributes[member.name.text] =
                         TestAttributeText(member.value);
                   });
       }},
  };
  shape.Object(value, "an entry of \"tests\"", fields);
  return test;
}

SshTest ReadSshTest(const JsonValue& value, ShapeReader& shape) {
  SshTest test;
  test.place = value.place;
  const Fields fields = {
      TextField("src", test.src, shape),
      TextsField("dst", test.dst, shape),
      TextsField("accept", test.accept, shape),
      TextsField("deny", test.deny, shape),
      TextsField("check", test.check, shape),
  };
  shape.Object(value, "an entry of \"sshTests\"", fields);
  return test;
}

std::vector<Definition> ReadDefinitions(const JsonValue& value,
                                        ShapeReader& shape,
                                        absl::string_view what) {
  std::vector<Definition> definitions;
  shape.Map(value, absl::StrCat("\"", what, "\""),
            [&](const JsonMember& member) {
              Definition definition;
              definition.name = NameOf(member);
              if (member.value.kind != JsonKind::kNull) {
                definition.members = shape.Strings(
                    member.value,
                    absl::StrCat(what, "[", QuoteJson(member.name.text), "]"));
              }
              definitions.push_back(std::move(definition));
            });
  return definitions;
}

AutoApprovers ReadAutoApprovers(const JsonValue& value, ShapeReader& shape) {
  AutoApprovers approvers;
  const Fields fields = {
      {"routes",
       [&](const JsonValue& routes) {
         approvers.routes = ReadDefinitions(routes, shape, "routes");
       }},
      TextsField("exitNode", approvers.exit_node, shape),
      {"services",
       [&](const JsonValue& services) {
         approvers.services = ReadDefinitions(services, shape, "services");
       }},
  };
  shape.Object(value, "\"autoApprovers\"", fields);
  return approvers;
}

}  // namespace warren::policy
