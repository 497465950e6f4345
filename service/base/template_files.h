// The operator's words of our mails ([templates] folder): files are read here and given to a role as one
// text; whether they are templates is looked at by compose/words.h. Trusts the operator's folder, within
// bounds.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiyome {

using TemplateTexts = std::vector<std::pair<std::string, std::string>>;  // name without ".txt", text

// Of every *.txt of the folder, by name. Throws ConfigError.
TemplateTexts read_template_files(const std::string& folder);

// All of them as one text, and back. unpack_templates() gives nothing for what pack_templates() did not
// write.
std::string pack_templates(const TemplateTexts& texts);
TemplateTexts unpack_templates(std::string_view packed);

}  // namespace kiyome
