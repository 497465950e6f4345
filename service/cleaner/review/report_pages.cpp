#include "service/cleaner/review/report_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "service/base/clock.h"
#include "service/compose/compose.h"
#include "service/compose/notice.h"

namespace kiyome::cleaner {
namespace {

constexpr std::size_t kRowsShown = 12;   // of a table of names
constexpr double kBarCentimetres = 7.0;  // of the largest bar
constexpr double kSmallestBar = 0.03;    // what is there is seen

// The document's head: styles by the names that the body uses.
constexpr std::string_view kHead = R"(<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:styles>
<style:default-style style:family="paragraph"><style:paragraph-properties fo:margin-top="0cm" fo:margin-bottom="0cm"/>
<style:text-properties fo:font-family="'Noto Sans CJK JP'" style:font-family-asian="'Noto Sans CJK JP'" fo:font-size="10pt"
 style:font-size-asian="10pt" fo:language="en" fo:country="US" style:language-asian="ja" style:country-asian="JP"/></style:default-style>
<style:style style:name="Standard" style:family="paragraph"/>
</office:styles>
<office:automatic-styles>
<style:page-layout style:name="pm"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"
 fo:margin-top="1.6cm" fo:margin-bottom="1.4cm" fo:margin-left="1.8cm" fo:margin-right="1.8cm"/>
<style:footer-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-top="0.3cm"/></style:footer-style></style:page-layout>
<style:style style:name="T" style:family="paragraph"><style:text-properties fo:font-size="20pt" style:font-size-asian="20pt" fo:font-weight="bold" style:font-weight-asian="bold"/></style:style>
<style:style style:name="S" style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.2cm"/><style:text-properties fo:color="#444444"/></style:style>
<style:style style:name="H" style:family="paragraph"><style:paragraph-properties fo:margin-top="0.5cm" fo:margin-bottom="0.15cm" fo:keep-with-next="always" fo:border-bottom="0.03cm solid #1f4e79"/><style:text-properties fo:font-size="13pt" style:font-size-asian="13pt" fo:font-weight="bold" style:font-weight-asian="bold" fo:color="#1f4e79"/></style:style>
<style:style style:name="P" style:family="paragraph"/>
<style:style style:name="B" style:family="paragraph"><style:text-properties fo:font-weight="bold" style:font-weight-asian="bold"/></style:style>
<style:style style:name="R" style:family="paragraph"><style:paragraph-properties fo:text-align="end"/></style:style>
<style:style style:name="N" style:family="paragraph"><style:text-properties fo:font-size="8pt" style:font-size-asian="8pt" fo:color="#555555"/></style:style>
<style:style style:name="D" style:family="paragraph"><style:paragraph-properties fo:line-height="0.5cm"/><style:text-properties fo:font-size="9pt" style:font-size-asian="9pt"/></style:style>
<style:style style:name="E" style:family="paragraph"><style:paragraph-properties fo:line-height="0.5cm" fo:text-align="end"/><style:text-properties fo:font-size="9pt" style:font-size-asian="9pt"/></style:style>
<style:style style:name="C" style:family="table-cell"><style:table-cell-properties fo:padding="0.06cm" fo:border-bottom="0.02cm solid #cccccc" style:vertical-align="middle"/></style:style>
<style:style style:name="G" style:family="table-cell"><style:table-cell-properties fo:padding="0.06cm" fo:background-color="#e8eef5" fo:border-bottom="0.03cm solid #1f4e79"/></style:style>
<style:style style:name="w1" style:family="table-column"><style:table-column-properties style:column-width="1.6cm"/></style:style>
<style:style style:name="w2" style:family="table-column"><style:table-column-properties style:column-width="2.4cm"/></style:style>
<style:style style:name="w4" style:family="table-column"><style:table-column-properties style:column-width="4.4cm"/></style:style>
<style:style style:name="w6" style:family="table-column"><style:table-column-properties style:column-width="6.4cm"/></style:style>
<style:style style:name="w7" style:family="table-column"><style:table-column-properties style:column-width="7.4cm"/></style:style>
<style:style style:name="w8" style:family="table-column"><style:table-column-properties style:column-width="8.6cm"/></style:style>
<style:style style:name="row" style:family="table-row"><style:table-row-properties fo:keep-together="always"/></style:style>
<style:style style:name="clean" style:family="graphic"><style:graphic-properties draw:stroke="none" draw:fill="solid" draw:fill-color="#2e75b6" style:vertical-pos="middle" style:vertical-rel="line"/></style:style>
<style:style style:name="held" style:family="graphic"><style:graphic-properties draw:stroke="none" draw:fill="solid" draw:fill-color="#f0a030" style:vertical-pos="middle" style:vertical-rel="line"/></style:style>
<style:style style:name="rejected" style:family="graphic"><style:graphic-properties draw:stroke="none" draw:fill="solid" draw:fill-color="#c0392b" style:vertical-pos="middle" style:vertical-rel="line"/></style:style>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pm"><style:footer><text:p text:style-name="N">)";

std::string shown(std::string_view text) {
  std::vector<clean::Finding> ignored;
  std::string out;
  for (const char c : compose::clean_line(text, ignored)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string paragraph(std::string_view style, std::string_view text) {
  return fmt::format("<text:p text:style-name=\"{}\">{}</text:p>\n", style, shown(text));
}

std::string rectangle(std::string_view style, double centimetres) {
  return fmt::format(
      "<draw:rect draw:style-name=\"{}\" text:anchor-type=\"as-char\" svg:width=\"{:.2f}cm\" "
      "svg:height=\"0.30cm\"/>",
      style, centimetres);
}

// Stacked bars in one line.
std::string bars(std::int64_t clean, std::int64_t held, std::int64_t rejected, std::int64_t largest) {
  std::string out;
  const auto add = [&](std::string_view style, std::int64_t count) {
    if (count > 0 && largest > 0)
      out += rectangle(style, std::max(kSmallestBar, kBarCentimetres * static_cast<double>(count) /
                                                         static_cast<double>(largest)));
  };
  add("clean", clean);
  add("held", held);
  add("rejected", rejected);
  return "<text:p text:style-name=\"D\">" + out + "</text:p>";
}

std::string cell(std::string_view inner, std::string_view style = "C") {
  return fmt::format("<table:table-cell table:style-name=\"{}\">{}</table:table-cell>", style, inner);
}

class Table {
 public:
  Table(std::string_view name, const std::vector<std::string_view>& columns,
        const std::vector<std::string_view>& heads) {
    out_ = fmt::format("<table:table table:name=\"{}\">", name);
    for (const std::string_view column : columns)
      out_ += fmt::format("<table:table-column table:style-name=\"{}\"/>", column);
    out_ += "<table:table-header-rows>";
    row([&] {
      std::string cells;
      for (const std::string_view head : heads) cells += cell(paragraph("D", head), "G");
      return cells;
    }());
    out_ += "</table:table-header-rows>";
  }
  void row(std::string_view cells) {
    out_.append("<table:table-row table:style-name=\"row\">").append(cells).append("</table:table-row>\n");
  }
  std::string take() { return out_ + "</table:table>\n"; }

 private:
  std::string out_;
};

std::string number(std::int64_t value) { return paragraph("E", std::to_string(value)); }

std::string duration(std::int64_t ms) {
  if (ms == 0) return "-";
  if (ms < 10'000) return fmt::format("{:.1f} 秒", static_cast<double>(ms) / 1000);
  if (ms < 600'000) return fmt::format("{} 秒", ms / 1000);
  return fmt::format("{} 分", ms / 60'000);
}

std::string change(std::int64_t now, std::int64_t before) {
  if (before == 0) return "-";
  return fmt::format("{:+.1f} %", 100.0 * static_cast<double>(now - before) / static_cast<double>(before));
}

std::string summary(const ReportFacts& facts) {
  const DayFigures now = facts.figures.sum(), before = facts.before.sum();
  Table table("summary", {"w8", "w2", "w2", "w2"}, {"項目", "当月", "前月", "増減"});
  const auto add = [&](std::string_view what, std::int64_t value, std::int64_t last) {
    table.row(cell(paragraph("D", what)) + cell(number(value)) + cell(number(last)) +
              cell(paragraph("E", change(value, last))));
  };
  add("受け付けたもの (items)", now.items, before.items);
  add("無害化して届けたもの (clean)", now.clean, before.clean);
  add("保留 (held)", now.held, before.held);
  add("拒否 (rejected)", now.rejected, before.rejected);
  add("配送できなかったもの (bounced)", now.bounced, before.bounced);
  const auto times = [&](std::string_view what, std::int64_t value, std::int64_t last) {
    table.row(cell(paragraph("D", what)) + cell(paragraph("E", duration(value))) +
              cell(paragraph("E", duration(last))) + cell(paragraph("E", change(value, last))));
  };
  times("受信から配送まで 中央値 (p50)", facts.figures.p50_ms, facts.before.p50_ms);
  times("受信から配送まで 95% (p95)", facts.figures.p95_ms, facts.before.p95_ms);
  return table.take();
}

std::string legend() {
  return "<text:p text:style-name=\"N\">" + rectangle("clean", 0.3) + " 無害化 clean　" +
         rectangle("held", 0.3) + " 保留 held　" + rectangle("rejected", 0.3) + " 拒否 rejected</text:p>\n";
}

std::string by_day(const Figures& figures) {
  std::int64_t largest = 0;
  for (const DayFigures& day : figures.days) largest = std::max(largest, day.clean + day.held + day.rejected);
  Table table("days", {"w2", "w7", "w1", "w1", "w1", "w2"}, {"日", "", "件数", "保留", "拒否", "95%"});
  for (const DayFigures& day : figures.days)
    table.row(cell(paragraph("D", review::day_text(day.day))) +
              cell(bars(day.clean, day.held, day.rejected, largest)) + cell(number(day.items)) +
              cell(number(day.held)) + cell(number(day.rejected)) +
              cell(paragraph("E", duration(day.p95_ms))));
  return legend() + table.take();
}

template <class Name>
std::string by_name(std::string_view id, std::string_view head, const std::vector<NamedFigure>& figures,
                    Name&& name) {
  if (figures.empty()) return paragraph("P", "ありません (none)");
  std::int64_t largest = 0;
  for (const NamedFigure& each : figures) largest = std::max(largest, each.items);
  Table table(id, {"w8", "w7", "w1"}, {head, "", "件数"});
  for (std::size_t i = 0; i < std::min(figures.size(), kRowsShown); ++i) {
    const NamedFigure& each = figures[i];
    table.row(cell(paragraph("D", name(each))) + cell(bars(each.items - each.held, each.held, 0, largest)) +
              cell(number(each.items)));
  }
  std::string out = table.take();
  if (figures.size() > kRowsShown)
    out += paragraph("N", fmt::format("ほか {} 種 (and {} more)", figures.size() - kRowsShown,
                                      figures.size() - kRowsShown));
  return out;
}

std::string plain_name(const NamedFigure& figure) { return figure.name; }

std::string clauses(const std::vector<Clause>& all) {
  Table table("clauses", {"w6", "w2", "w8"}, {"項目 (clause)", "結果", "根拠 (evidence)"});
  for (const Clause& each : all) {
    const char* words = each.ok == Answer::yes ? "○ 適合" : each.ok == Answer::no ? "× 不適合" : "△ 要確認";
    table.row(cell(paragraph("D", each.ja) + paragraph("N", each.en)) + cell(paragraph("D", words)) +
              cell(paragraph("D", each.evidence_ja) + paragraph("N", each.evidence_en)));
  }
  return table.take();
}

std::string month_words(const std::string& month) {
  return fmt::format("{}年{}月", month.substr(0, 4), std::stoi(month.substr(5)));
}

}  // namespace

std::string report_pages(const ReportFacts& facts) {
  const std::string title = "無害化報告書 " + month_words(facts.month);
  std::string out(kHead);
  out += shown(title + (facts.authority.empty() ? "" : "　" + facts.authority));
  out +=
      "　<text:page-number/> / "
      "<text:page-count/></text:p></style:footer></style:master-page></office:master-styles>\n"
      "<office:body><office:text>\n";
  out += paragraph("T", title);
  if (!facts.authority.empty()) out += paragraph("B", facts.authority);
  if (!facts.scope.empty()) out += paragraph("B", "対象 (tenant): " + facts.scope);
  out += paragraph("S", "Sanitization report " + facts.month + "　作成 (made) " +
                            iso_time(facts.made_ms).substr(0, 16) + "　清め (Kiyome) " KIYOME_VERSION);
  out += paragraph("H", "1. 概要 (summary)") + summary(facts);
  out += paragraph("H", "2. 日ごとの件数 (by day)") + by_day(facts.figures);
  out += paragraph("H", "3. 理由 (reasons)") +
         by_name("reasons", "理由", facts.figures.reasons,
                 [](const NamedFigure& each) { return std::string(reason_words(each.name).ja); });
  out += paragraph("H", "4. ファイルの種別 (types)") +
         by_name("types", "種別", facts.figures.types,
                 [](const NamedFigure& each) { return type_label(each.name); });
  out += paragraph("H", "5. 届かなかったものの多い差出人 (senders held)") +
         by_name("senders", "差出人", facts.figures.senders_held, plain_name);
  out += paragraph("H", "6. 部署別 (departments)") +
         by_name("departments", "部署", facts.figures.departments, plain_name);
  out += paragraph("H", "7. 作成時の状態 (when this was made)");
  out += paragraph(
      "P", fmt::format("保留中 {} 件、受信者からの請求 {} 件、二人確認待ち {} 件、閉域側への送信待ち {} 件",
                       facts.figures.held_now, facts.figures.requests, facts.figures.proposals,
                       facts.figures.to_gate));
  if (facts.scope.empty())
    out += paragraph("P", fmt::format("原本 {}、無害化済み {}、データベース {}、空き {}",
                                      compose::size_text(facts.storage.originals_bytes),
                                      compose::size_text(facts.storage.clean_bytes),
                                      compose::size_text(facts.storage.database_bytes),
                                      compose::size_text(facts.storage.free_bytes)));
  if (!facts.clauses.empty()) out += paragraph("H", "8. 自己点検 (self-check)") + clauses(facts.clauses);
  out += paragraph(
      "N",
      "件数は受信日ごと、保留・拒否は作成時の判定による。差出人は封筒の差出人。この報告書は清め自身の"
      "無害化の仕組みで作られている。");
  return out + "</office:text></office:body></office:document>\n";
}

}  // namespace kiyome::cleaner
