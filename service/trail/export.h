// A trail as JSON lines, and such lines examined again, also on a machine that never saw the service:
//   {"trail":"cleaner","begin":{"sequence":0,"head":"…"},"key":"…"}     behind which entry the lines begin
//   {"trail":"cleaner","checkpoint":{…}}                                 those of these entries
//   {"trail":"cleaner","sequence":1,"unix_ms":…,"at":"…","event":"…","item":"…","actor":"…","hash":"…","detail":{…}}
//   {"trail":"cleaner","end":{"sequence":7,"head":"…"}}
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/audit/examination.h"
#include "service/store/audit_book.h"

namespace kiyome::trail {

std::string entry_line(const audit::Linked& linked, audit::Trail trail);
// Of entry_line(), exactly; nothing for any other text. Trusts nothing.
std::optional<audit::Linked> entry_of_line(std::string_view line);

// Writes the lines of a trail from a time on (0: all), and behind an entry (0: none), page by page, until
// `line` gives false.
struct ExportRange {
  std::int64_t since_ms = 0, until_ms = 0;  // 0: no bound
  std::uint64_t after = 0;
};
void export_trail(store::Database& database, audit::Trail trail, const audit::PublicKey& key,
                  const ExportRange& range, const std::function<bool(std::string_view line)>& line);

// What one trail of a file came to.
struct Examined {
  audit::Trail trail = audit::Trail::cleaner;
  std::uint64_t first = 1;
  audit::Finding finding;
};
// Of exports of any number of trails, one after the other. `elsewhere`: checkpoints that others keep. Throws
// PermanentFailure for what is no export; a damaged line is a fault of its entry. Memory is flat.
std::vector<Examined> examine_export(std::istream& in, std::span<const audit::Checkpoint> elsewhere);
// A database file of a role that does not run. Throws TemporaryFailure.
std::vector<Examined> examine_database(const std::string& path, std::span<const audit::Checkpoint> elsewhere);
bool is_database(const std::string& path);

std::string finding_json(const Examined& examined);

}  // namespace kiyome::trail
