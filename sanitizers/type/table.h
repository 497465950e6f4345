// The table of media types: what belongs to a type, and which type a sender's words mean. Data in types.def.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kiyome::sanitizer::type {

struct TypeInfo {
  std::string_view type;
  std::string_view traits;
  std::string_view extensions;  // blank between
  std::string_view aliases;
  bool text_like() const { return traits.find('t') != std::string_view::npos; }
  bool executable() const { return traits.find('x') != std::string_view::npos; }
  bool sure() const { return traits.find('s') != std::string_view::npos; }
  bool zip() const { return traits.find('z') != std::string_view::npos; }
  bool ole() const { return traits.find('o') != std::string_view::npos; }
};

std::span<const TypeInfo> all_types();
// By its type or one of its other names, in lower case; null if it is none of ours.
const TypeInfo* find_type(std::string_view media_type);
bool has_extension(const TypeInfo& type, std::string_view extension);
// Whether any type claims that extension, and whether opening a file of that name runs it.
bool known_extension(std::string_view extension);
bool executable_extension(std::string_view extension);

// "type/subtype" in lower case without parameters and blanks; empty when it is none.
std::string bare_type(std::string_view declared);
// The extension a desktop would act on, in lower case: behind the last dot, trailing dots and blanks and
// "::$DATA" gone.
std::string extension_of(std::string_view name);
// A declaration that says nothing: application/octet-stream and its like.
bool is_no_claim(std::string_view media_type);

}  // namespace kiyome::sanitizer::type
