// File names of what leaves.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proto/base/limits.h"
#include "service/compose/compose.h"

using namespace kiyome;
using namespace kiyome::compose;

TEST_CASE("file names: the sender's name with our extension") {
  struct Case {
    std::string in, out;
    bool changed;
  };
  for (const Case& c : std::vector<Case>{
           {"見積書.csv", "見積書.csv.txt", false},
           {"memo.txt", "memo.txt", false},
           {"MEMO.TXT", "MEMO.txt", false},
           {"神塚﨑 様.txt", "神塚﨑 様.txt", false},
           {"C:\\Users\\x\\secret.doc", "secret.doc.txt", true},
           {"../../etc/passwd", "passwd.txt", true},
           {"a:b*c?d\"e<f>g|h", "a_b_c_d_e_f_g_h.txt", true},
           {"￥￥host￥x：y", "__host_x_y.txt", true},
           {"report\u202Efdp.exe", "reportfdp.exe.txt", true},
           {"..hidden", "hidden.txt", true},
           {"  -~x", "x.txt", true},
           {"x. . .", "x.txt", true},
           {"x　.txt", "x.txt", true},
           {"CON", "_CON.txt", true},
           {"nul.tar.gz", "_nul.tar.gz.txt", true},
           {"com¹.txt", "_com¹.txt", true},
           {"LPT9 .txt", "_LPT9.txt", true},
           {"console", "console.txt", false},
           {"COM10", "COM10.txt", false},
           {"", "添付.txt", true},
           {"...", "添付.txt", true},
           {".txt", "txt.txt", true},
           {"a\r\nb\tc", "a b c.txt", true},
           {"\uE000社外秘", "〓社外秘.txt", true},
       }) {
    CAPTURE(c.in);
    std::vector<clean::Finding> findings;
    const std::string name = clean_file_name(c.in, "txt", findings);
    CHECK(name == c.out);
    bool changed = false;
    for (const clean::Finding finding : findings)
      changed = changed || finding == clean::Finding::kNameChanged;
    CHECK(changed == c.changed);
    std::vector<clean::Finding> again;
    CHECK(clean_file_name(name, ".txt", again) == name);
    CHECK(again.empty());
  }
}

TEST_CASE("file names: long ones are cut between characters and keep their extension") {
  for (std::size_t characters : {64u, 65u, 66u, 67u, 400u}) {
    std::string long_name;
    for (std::size_t i = 0; i < characters; ++i) long_name += "長";
    std::vector<clean::Finding> findings;
    const std::string name = clean_file_name(long_name, "txt", findings);
    CHECK(name.size() <= limits::kCleanFileName);
    CHECK(name.ends_with("長.txt"));
    CHECK((name.size() - 4) % 3 == 0);
  }
}
