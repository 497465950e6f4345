// Names in the output folder. What they come from was chosen by somebody outside; whoever opens them sits at
// a desktop of the closed side. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiyome::gate {

// The folders and the file of a path as it was sent, each a name by the grammar of output files (the last one
// also with ".json" behind it); at most kFolderDepth, the innermost.
std::vector<std::string> safe_parts(std::string_view path);

// "a.pdf" for 1, "a (2).pdf" for 2, …
std::string variant(const std::string& name, unsigned number);

}  // namespace kiyome::gate
