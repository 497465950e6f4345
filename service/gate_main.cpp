// kiyome-gate: the program of the closed side. It links no parser of foreign formats; a test looks at its
// symbols. Started by the supervisor: kiyome-gate role gate --fd config=3 --fd control=4 --fd bundles=5 --fd
// admin=6
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/role.h"
#include "service/gate/gate_role.h"

namespace {

constexpr const char* kUsage = "kiyome-gate " KIYOME_VERSION
                               "\nKiyome の閉域側プログラム。\"kiyome serve --role gate\" が起動します。\n"
                               "The program of the closed side, started by \"kiyome serve --role gate\".\n";

int wrong_usage() {
  std::fputs("kiyome-gate: usage: kiyome-gate role gate --fd NAME=NUMBER ...\n", stderr);
  return 2;
}

int run(const std::vector<std::string_view>& words) {
  if (words.size() == 1 && words[0] == "--version") return std::puts("kiyome-gate " KIYOME_VERSION), 0;
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) return std::fputs(kUsage, stdout), 0;
  if (words.size() < 2 || words[0] != "role" || words[1] != "gate" || words.size() % 2 != 0)
    return wrong_usage();
  std::vector<std::string> descriptors;
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (words[i] != "--fd") return wrong_usage();
    descriptors.emplace_back(words[i + 1]);
  }
  kiyome::RoleContext context("gate", descriptors);
  kiyome::log::start("gate", context.config().log_level);
  return kiyome::gate::run_gate(context);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string_view>(argv + 1, argv + argc));
  } catch (const kiyome::ConfigError& mistake) {
    std::fprintf(stderr, "%s\n", mistake.what());
    return 2;
  } catch (const std::exception& trouble) {
    std::fprintf(stderr, "kiyome-gate: %s\n", trouble.what());
    return 1;
  }
}
