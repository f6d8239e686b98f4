#include "core/portmap/xml.h"

#include <memory>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "expat.h"

namespace warren::portmap {
namespace {

// Any fixed one: the parser must not ask the system for randomness, and what it
// keeps in its hash tables is bounded by kMaxXmlSize.
constexpr unsigned long kHashSalt = 0x57617272656e;

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using ParserPtr =
    std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

// Builds the tree, on the way down and up again.
class Builder {
 public:
  explicit Builder(XML_Parser parser) : parser_(parser) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser,
        [](void* self, const XML_Char* name, const XML_Char**) {
          static_cast<Builder*>(self)->Open(name);
        },
        [](void* self, const XML_Char*) {
          static_cast<Builder*>(self)->Close();
        });
    XML_SetCharacterDataHandler(
        parser, [](void* self, const XML_Char* text, int size) {
          static_cast<Builder*>(self)->Text({text, static_cast<size_t>(size)});
        });
    XML_SetStartDoctypeDeclHandler(
        parser,
        [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
          static_cast<Builder*>(self)->Refuse("a document type");
        });
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  const char* refused() const { return refused_; }  // null: nothing was
  XmlElement TakeRoot() { return std::move(root_); }

 private:
  void Open(absl::string_view name) {
    if (open_.size() == kMaxXmlDepth) return Refuse("elements too deep");
    if (num_elements_++ == kMaxXmlElements) {
      return Refuse("too many elements");
    }
    const size_t colon = name.rfind(':');
    if (colon != absl::string_view::npos) name.remove_prefix(colon + 1);
    open_.push_back({.name = std::string(name), .text = {}, .children = {}});
  }
  void Text(absl::string_view text) {
    if (!open_.empty()) absl::StrAppend(&open_.back().text, text);
  }
  void Close() {
    if (open_.empty()) return;
    XmlElement element = std::move(open_.back());
    open_.pop_back();
    absl::StripAsciiWhitespace(&element.text);
    (open_.empty() ? root_ : open_.back().children.emplace_back()) =
        std::move(element);
  }
  void Refuse(const char* what) {
    refused_ = what;
    open_.clear();
    XML_StopParser(parser_, XML_FALSE);
  }

  const XML_Parser parser_;
  std::vector<XmlElement> open_;  // from the root down
  size_t num_elements_ = 0;
  XmlElement root_;
  const char* refused_ = nullptr;
};

}  // namespace

const XmlElement* XmlElement::Child(absl::string_view child_name) const {
  for (const XmlElement& child : children) {
    if (child.name == child_name) return &child;
  }
  return nullptr;
}

absl::string_view XmlElement::TextOf(absl::string_view child_name) const {
  const XmlElement* child = Child(child_name);
  return child == nullptr ? absl::string_view() : child->text;
}

absl::StatusOr<XmlElement> ParseXml(absl::string_view text) {
  if (text.size() > kMaxXmlSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("XML of ", text.size(), " bytes, at most ", kMaxXmlSize));
  }
  // Some routers send the zero that ends a string in C.
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  const ParserPtr parser(XML_ParserCreate(nullptr));
  if (!parser) return absl::ResourceExhaustedError("XML: no memory");
  XML_SetHashSalt(parser.get(), kHashSalt);
  Builder builder(parser.get());
  const XML_Status parsed = XML_Parse(parser.get(), text.data(),
                                      static_cast<int>(text.size()), XML_TRUE);
  if (builder.refused() != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("XML with ", builder.refused()));
  }
  if (parsed != XML_STATUS_OK) {
    return absl::InvalidArgumentError(
        absl::StrCat("XML line ", XML_GetCurrentLineNumber(parser.get()), ": ",
                     XML_ErrorString(XML_GetErrorCode(parser.get()))));
  }
  return builder.TakeRoot();
}

}  // namespace warren::portmap
