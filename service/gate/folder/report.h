// The JSON report beside a file of the output folder. Pure; thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "service/gate/drop_store.h"

namespace kiyome::gate {

// What an item comes to for these addresses by now; nothing: somebody still has to decide.
std::optional<PutKind> kind_of(const ItemView& item, const std::set<std::string>& addresses);

// `paths`: where the item's files stand in the folder, in order; none unless `kind` is files. At most
// kFolderReportBytes: of very many files the last ones are counted only.
std::string report_of(const DropView& drop, const ItemView& item, const std::set<std::string>& addresses,
                      PutKind kind, const std::vector<std::string>& paths);

}  // namespace kiyome::gate
