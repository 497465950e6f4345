// The overview's figures as a table for a spreadsheet. Senders are hostile text.
#include "service/cleaner/review/overview.h"

namespace kiyome::cleaner {
namespace {

const std::string kByteOrderMark = "\xEF\xBB\xBF";  // Excel takes UTF-8 for CP932 without it

using Table = std::vector<std::vector<std::string>>;

Table days_table(const Figures& figures) {
  Table out{{"日付 (day)", "件数 (items)", "無害化 (clean)", "保留 (held)", "拒否 (rejected)",
             "配送済み (delivered)", "配送不能 (bounced)", "配送まで 中央値 ms (p50)",
             "配送まで 95% ms (p95)"}};
  for (const DayFigures& day : figures.days)
    out.push_back({review::day_text(day.day), std::to_string(day.items), std::to_string(day.clean),
                   std::to_string(day.held), std::to_string(day.rejected), std::to_string(day.delivered),
                   std::to_string(day.bounced), std::to_string(day.p50_ms), std::to_string(day.p95_ms)});
  return out;
}

Table reasons_table(const Figures& figures) {
  Table out{{"コード (code)", "理由", "reason", "件数 (count)"}};
  for (const NamedFigure& each : figures.reasons) {
    const ReasonWords words = reason_words(each.name);
    out.push_back({each.name, std::string(words.ja), std::string(words.en), std::to_string(each.items)});
  }
  return out;
}

Table types_table(const Figures& figures) {
  Table out{{"種別 (type)", "名前 (name)", "件数 (count)"}};
  for (const NamedFigure& each : figures.types)
    out.push_back({each.name, type_label(each.name), std::to_string(each.items)});
  return out;
}

Table names_table(const std::vector<NamedFigure>& figures, const char* name, bool with_held) {
  Table out{{name, "件数 (count)"}};
  if (with_held) out[0].emplace_back("保留 (held)");
  for (const NamedFigure& each : figures) {
    out.push_back({each.name, std::to_string(each.items)});
    if (with_held) out.back().push_back(std::to_string(each.held));
  }
  return out;
}

Table table_of(const std::string& which, const Figures& figures) {
  if (which.empty() || which == "days") return days_table(figures);
  if (which == "reasons") return reasons_table(figures);
  if (which == "types") return types_table(figures);
  if (which == "senders") return names_table(figures.senders_held, "差出人 (sender)", false);
  if (which == "departments") return names_table(figures.departments, "部署 (department)", true);
  throw http::Problem{422, "invalid", "", {"table"}};
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
  std::string out;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) out += ',';
    std::string text = cell;
    if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos)
      text.insert(0, 1, '\'');
    if (text.find_first_of("\",\r\n") == std::string::npos) {
      out += text;
      continue;
    }
    out += '"';
    for (const char c : text) out.append(c == '"' ? 2 : 1, c);
    out += '"';
  }
  return out + "\r\n";
}

review::Reply Overview::table(const review::Call& call) const {
  const DaysAsked days = days_asked(call);
  const std::string which = review::text_of(call, "table", 20);
  const Figures figures = this->figures(scope_of(call), days.first, days.last);
  std::string content = kByteOrderMark;
  for (const std::vector<std::string>& row : table_of(which, figures)) content += csv_line(row);
  return {200, "text/csv; charset=utf-8",
          "kiyome-" + (which.empty() ? "days" : which) + "-" + review::day_text(days.last) + ".csv",
          std::move(content)};
}

}  // namespace kiyome::cleaner
