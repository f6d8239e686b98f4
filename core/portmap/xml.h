#ifndef WARREN_CORE_PORTMAP_XML_H_
#define WARREN_CORE_PORTMAP_XML_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// XML from a router, as a tree: only what UPnP uses of it.
namespace warren::portmap {

inline constexpr size_t kMaxXmlSize = 64 * 1024;
inline constexpr size_t kMaxXmlDepth = 24;
inline constexpr size_t kMaxXmlElements = 2048;

// An element without its attributes.
struct XmlElement {
  std::string name;  // without the prefix of its namespace
  // Its own, without the spaces around it; comments and children are left out.
  std::string text;
  std::vector<XmlElement> children;

  // The first child of this name; null if there is none.
  const XmlElement* Child(absl::string_view child_name) const;
  // The text of that child; empty if there is none.
  absl::string_view TextOf(absl::string_view child_name) const;
};

// The root element. INVALID_ARGUMENT: not well-formed, a document type is
// declared (so no entities but the five built in, and nothing to expand), or a
// limit above is passed.
absl::StatusOr<XmlElement> ParseXml(absl::string_view text);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_XML_H_
