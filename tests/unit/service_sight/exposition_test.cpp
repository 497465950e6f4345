#include "service/sight/exposition.h"

#include <doctest/doctest.h>

#include "proto/base/limits.h"

using namespace kiyome;
using namespace kiyome::sight;

namespace {

const std::string kHead = "# HELP a_total As\n# TYPE a_total counter\n";

bool taken(const std::string& text) { return read_exposition(text, "edge").has_value(); }

}  // namespace

TEST_CASE("exposition: each sample gets its role in front of its own labels") {
  const auto told =
      read_exposition(kHead + "a_total 1\na_total{kind=\"x \\\" \\\\ \\n y\"} 2.5e-07\n", "edge");
  REQUIRE(told.has_value());
  CHECK(told->families.at("a_total").samples ==
        std::vector<std::string>{"a_total{role=\"edge\"} 1",
                                 "a_total{role=\"edge\",kind=\"x \\\" \\\\ \\n y\"} 2.5e-07"});
}

TEST_CASE("exposition: a role cannot speak as another one, nor of whether roles are up") {
  CHECK(taken(kHead + "a_total{rolf=\"gate\"} 1\n"));
  CHECK_FALSE(taken(kHead + "a_total{role=\"gate\"} 1\n"));
  CHECK_FALSE(taken(kHead + "a_total{x=\"1\",role=\"gate\"} 1\n"));
  CHECK_FALSE(taken("# HELP kiyome_up x\n# TYPE kiyome_up gauge\nkiyome_up 1\n"));
  CHECK(read_exposition("# HELP kiyome_up x\n# TYPE kiyome_up gauge\nkiyome_up 1\n", "sight").has_value());
}

TEST_CASE("exposition: what is not exactly the form is refused whole") {
  for (const char* bad : {"a_total 1",
                          "b_total 1\n",
                          "a_total\n",
                          "a_total \n",
                          "a_total x\n",
                          "a_total 1 2\n",
                          "a_total  1\n",
                          "a_total{} 1 \n",
                          "a_total{kind} 1\n",
                          "a_total{kind=x} 1\n",
                          "a_total{kind=\"x} 1\n",
                          "a_total{kind=\"\\x\"} 1\n",
                          "a_total{kind=\"x\\",
                          "a_total{kind=\"x\"1\n",
                          "a_total{9=\"x\"} 1\n",
                          "a_total 0x10\n",
                          "a_total 1e999\n",
                          "\n",
                          "# comment\n",
                          "# HELP a_total again\n",
                          "# TYPE a_total gauge\n",
                          "# HELP\n",
                          "a_total_sum 1\n",
                          "a_total{kind=\"\x01\"} 1\n"})
    CHECK_MESSAGE(!taken(kHead + bad), bad);
  CHECK(taken(kHead));
  CHECK(taken(kHead + "a_total{} 1\n"));
  CHECK_FALSE(taken(""));
  CHECK_FALSE(taken("a_total 1\n" + kHead));
  CHECK_FALSE(taken("# HELP a b\n# TYPE a summary\na 1\n"));
  CHECK(taken("# HELP a b\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum NaN\na_count 1\n"));
  CHECK_FALSE(taken("# HELP a b\n# TYPE a histogram\na 1\n"));
}

TEST_CASE("exposition: its bounds hold one below, at, and one above") {
  const auto with_line = [](std::size_t size) {
    const std::string front = "a_total{k=\"", back = "\"} 1";
    return kHead + front + std::string(size - front.size() - back.size(), 'x') + back + "\n";
  };
  CHECK(taken(with_line(limits::kSightLine - 1)));
  CHECK(taken(with_line(limits::kSightLine)));
  CHECK_FALSE(taken(with_line(limits::kSightLine + 1)));
  const auto with_labels = [](std::size_t count) {
    std::string labels;
    for (std::size_t i = 0; i < count; ++i) labels += (i == 0 ? "l" : ",l") + std::to_string(i) + "=\"\"";
    return kHead + "a_total{" + labels + "} 1\n";
  };
  CHECK(taken(with_labels(limits::kSightLabels - 1)));
  CHECK(taken(with_labels(limits::kSightLabels)));
  CHECK_FALSE(taken(with_labels(limits::kSightLabels + 1)));
  const auto with_lines = [](std::size_t count) {
    std::string text = kHead;
    for (std::size_t i = 2; i < count; ++i) text += "a_total 1\n";
    return text;
  };
  CHECK(taken(with_lines(limits::kSightLines - 1)));
  CHECK(taken(with_lines(limits::kSightLines)));
  CHECK_FALSE(taken(with_lines(limits::kSightLines + 1)));
}

TEST_CASE(
    "exposition: families of several roles are joined under one HELP; a family of another type is left out") {
  const auto gate = read_exposition(kHead + "a_total 1\n", "gate");
  const auto edge = read_exposition(kHead + "a_total 2\n# HELP b x\n# TYPE b gauge\nb 3\n", "edge");
  const auto liar = read_exposition("# HELP a_total x\n# TYPE a_total gauge\na_total 9\n", "console");
  REQUIRE((gate && edge && liar));
  CHECK(join({*gate, *edge, *liar}) == kHead +
                                           "a_total{role=\"gate\"} 1\na_total{role=\"edge\"} 2\n"
                                           "# HELP b x\n# TYPE b gauge\nb{role=\"edge\"} 3\n");
}
