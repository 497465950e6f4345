// HTML mail as plain text: what a person reads stays, in the order and grouping it had; what nobody saw goes,
// and is told.
#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "proto/base/limits.h"
#include "sanitizers/text/text.h"

namespace text = kiyome::sanitizer::text;
namespace limits = kiyome::limits;
using kiyome::clean::Finding;

namespace {

std::string shown(std::string_view html) { return text::from_html(html).text.utf8; }

bool has(const text::Html& html, Finding finding) {
  const auto& f = html.text.findings;
  return std::find(f.begin(), f.end(), finding) != f.end();
}

std::string repeated(std::string_view s, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += s;
  return out;
}

struct Case {
  std::string_view html, expected;
};

void check_all(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    CAPTURE(one.html);
    CHECK(shown(one.html) == one.expected);
  }
}

}  // namespace

TEST_CASE("html: white space and line breaks") {
  check_all({
      {"a  b\n c", "a b c\n"},
      {"これは\nテスト\nです", "これはテストです\n"},
      {"これは\nmail\nです", "これは mail です\n"},
      {"日本 語", "日本 語\n"},
      {"한국\n어", "한국 어\n"},
      {"a<br>b<br/><br>c", "a\nb\n\nc\n"},
      {"<p>a</p><p>b</p>c", "a\n\nb\n\nc\n"},
      {"<div>a</div><div>b</div>", "a\nb\n"},
      {"<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"},
      {"<p style='margin:0'>a</p><p style='margin:0'>b</p>", "a\nb\n"},
      {"<p>a</p><p>&nbsp;</p><p>b</p>", "a\n\n\nb\n"},
      {"a&nbsp;&nbsp;b", "a  b\n"},
      {"<pre>\n a\n  b</pre>", " a\n  b\n"},
      {"<span style='white-space:pre-wrap'>a\n  b</span>", "a\n  b\n"},
      {"<br><br><br><br><br>a<br><br><br><br><br>b", "a\n\n\nb\n"},
      {"a<!-- x -->b", "ab\n"},
      {"", ""},
  });
}

TEST_CASE("html: Outlook's paragraphs have no blank lines between") {
  CHECK(shown("<style><!-- p.MsoNormal, div.MsoNormal {margin:0mm; font-size:10.5pt;} --></style>"
              "<p class=MsoNormal>山田様<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
              "<p class=MsoNormal>お世話になります。</p>") == "山田様\n\nお世話になります。\n");
}

TEST_CASE("html: character references") {
  check_all({
      {"&lt;b&gt; &amp; &quot;&copy;&hellip;&yen;&#x3042;&#12356;", "<b> & \"©…¥あい\n"},
      {"&#150;&#x80;", "–€\n"},
      {"&unknown; &amp &copy2 a&b", "&unknown; & ©2 a&b\n"},
      {"&#0;&#xD800;&#x110000;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"},
      {"a&#1;&#26;b", "ab\n"},
      {"&NotEqualTilde;", "≂̸\n"},
      {"a&shy;b", "ab\n"},
  });
}

TEST_CASE("html: lists, quotes, headings, rules, tables") {
  check_all({
      {"<ul><li>一<li>二</ul>", "・ 一\n・ 二\n"},
      {"<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b\n"},
      {"<ol type=A><li>a<li value=4>d</ol>", "A. a\nD. d\n"},
      {"<ul><li>a<ol><li>x<li>y</ol><li>b</ul>", "・ a\n   1. x\n   2. y\n・ b\n"},
      {"<ul><li><p>a</p></li><li><p>b</p></li></ul>", "・ a\n\n・ b\n"},
      {"<blockquote>a<br>b<blockquote>c</blockquote></blockquote>d", "> a\n> b\n>\n> > c\n\nd\n"},
      {"<blockquote style='margin:0 0 0 40px;border:none'>a</blockquote>", "  a\n"},
      {"<h2>お知らせ</h2>本文", "■ お知らせ\n\n本文\n"},
      {"<h2>【重要】</h2>", "【重要】\n"},
      {"a<hr>b", "a\n----------------------------------------\nb\n"},
      {"<dl><dt>名前<dd>山田</dl>", "名前\n  山田\n"},
      {"<table border=1><tr><th>品名<th>数<tr><td>りんご<td>3<tr><td>みかん<td></table>",
       "品名 | 数\nりんご | 3\nみかん\n"},
      {"<table border=1><tr><th>課<th>氏名<th>内線<tr><td rowspan=2>総務課<td>山田<td>101<tr><td>田中<td>102"
       "<tr><td colspan=2>合計<td>2名</table>",
       "課 | 氏名 | 内線\n総務課 | 山田 | 101\n| 田中 | 102\n合計 | | 2名\n"},
      {"<table border=1><tr><td>a<td rowspan=2>b<td>c<tr><td>1<td>3<tr><td>x<td>y<td>z</table>",
       "a | b | c\n1 | | 3\nx | y | z\n"},
      {"<table border=1><tr><td>a<td>b<td>c<tr><td>1<td><td>3</table>", "a | b | c\n1 | | 3\n"},
      {"<table><tr><td>差出人：</td><td>山田</td></tr><tr><td>件名：</td><td>会議</td></tr></table>",
       "差出人： 山田\n件名： 会議\n"},
      {"<table><tr><td><table><tr><td>左</td></tr></table></td><td>右<br>の<br>欄</td></tr></table>",
       "左\n右\nの\n欄\n"},
      {"<table><tr><td>ただの枠</td></tr></table>", "ただの枠\n"},
      {"<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>です", "漢字(かんじ)です\n"},
      {"H<sub>2</sub>O m<sup>2</sup>", "H₂O m²\n"},
      {"<del>旧</del>新", "〔取消線: 旧〕新\n"},
  });
}

TEST_CASE("html: links show their target when it says more than their text") {
  check_all({
      {"<a href='https://example.jp/a'>こちら</a>", "こちら <https://example.jp/a>\n"},
      {"<a href='https://example.jp/'>https://example.jp</a>", "https://example.jp\n"},
      {"<a href='http://www.example.jp/'>www.example.jp</a>", "www.example.jp\n"},
      {"<a href='mailto:a@example.jp'>a@example.jp</a>", "a@example.jp\n"},
      {"<a href='mailto:a@example.jp?subject=x'>連絡先</a>", "連絡先 <a@example.jp>\n"},
      {"<a href='tel:+81-87-000'>+81 (87) 000</a>", "+81 (87) 000\n"},
      {"<a href='#top'>先頭へ</a>", "先頭へ\n"},
      {"<a href='?a=1&amp;b=2&copy=3'>x</a>", "x\n"},
      {"<base href='https://example.jp/d/'><a href='e?a=1&amp;b=2'>x</a> <a href='/f'>y</a>",
       "x <https://example.jp/d/e?a=1&b=2> y <https://example.jp/f>\n"},
      {"<a href='https://example.jp/a b<c>'>x</a>", "x <https://example.jp/a%20b%3Cc%3E>\n"},
      {"<a href='https://a.example/'>一<a href='https://b.example/'>二</a>",
       "一 <https://a.example/>二 <https://b.example/>\n"},
      {"<a href=' java\nscript:alert(1)'>x</a>", "x\n"},
      {"<a href='https://a.example/'></a>y", "y\n"},
  });
  CHECK(has(text::from_html("<a href=' java\nscript:alert(1)'>x</a>"), Finding::kScriptRemoved));
  CHECK(has(text::from_html("<a href='data:text/html,x'>x</a>"), Finding::kScriptRemoved));
}

TEST_CASE("html: a link that shows another address than it has is told") {
  for (const std::string_view html :
       {"<a href='http://evil.example/'>https://www.bank.co.jp/login</a>",
        "<a href='http://evil.example/'>www.bank.co.jp</a>", "<a href='http://evil.example/'>bank.co.jp</a>",
        "<a href='http://bank.co.jp.evil.example/'>bank.co.jp</a>",
        "<a href='http://bank.co.jp@evil.example/'>bank.co.jp</a>",
        "<a href='mailto:x@evil.example'>info@bank.co.jp</a>",
        "<a href='mailto:x@bank.co.jp'>info@bank.co.jp</a>", "<a href='file://evil/x'>http://bank.co.jp</a>",
        "<a href='http://evil.example/'>&#104;ttps://bank.co.jp</a>"}) {
    CAPTURE(html);
    CHECK(has(text::from_html(html), Finding::kLinkTextDiffers));
  }
  for (const std::string_view html :
       {"<a href='https://www.bank.co.jp/login?x=1'>https://www.bank.co.jp/login</a>",
        "<a href='https://www.bank.co.jp/'>bank.co.jp</a>",
        "<a href='https://click.bank.co.jp/'>bank.co.jp</a>",
        "<a href='http://evil.example/'>こちらをクリック</a>", "<a href='http://evil.example/'>資料.pdf</a>",
        "<a href='https://example.jp/x'>Ver.2</a>", "<a href='mailto:info@bank.co.jp'>info@bank.co.jp</a>",
        "<a href='https://x.example/'>請求書 2024.10</a>"}) {
    CAPTURE(html);
    CHECK_FALSE(has(text::from_html(html), Finding::kLinkTextDiffers));
  }
}

TEST_CASE("html: text that nobody sees is dropped and told") {
  for (const std::string_view hidden :
       {"<div style='display:none'>x</div>",
        "<div style='DISPLAY : NONE !important'>x</div>",
        "<span style='visibility:hidden'>x</span>",
        "<p style='font-size:0'>x</p>",
        "<p style='font-size:1px'>x</p>",
        "<div style='opacity:0'>x</div>",
        "<div style='max-height:0;overflow:hidden'>x</div>",
        "<div style='width:0px;height:0px;overflow:hidden'>x</div>",
        "<div style='mso-hide:all;display:none'>x</div>",
        "<style>.btn td{background:#00f}</style><p class=btn "
        "style='color:#fff'>x</p>",
        "<style>a:hover{background:#000}</style><a href=x "
        "style='color:white'>x</a>",
        "<style>@media (max-width:600px){.m{display:block!important}}"
        ".m{display:none}</style><p class=m>x</p>",
        "<style>td a{color:#333}</style><a href=y style='color:#fff'>x</a>",
        "<style>div#n{display:none}</style><div id=n>x</div>",
        "<div style='color:transparent'>x</div>",
        "<div style='color:rgba(255,255,255,0.5)'>x</div>",
        "<div style='background:rgba(0,0,0,0);color:#fff'>x</div>",
        "<style media=screen>p{display:none}</style><p>x</p>",
        "<style>@media (prefers-color-scheme: dark){p{background:#000!important}}"
        "@media print{p{background:#000}}</style><p style='color:#fff'>x</p>",
        "<style media=print>p{display:block}</style><p hidden>x</p>",
        "<style>.h{color:#fff!important}</style><p class=h "
        "style='color:#000'>x</p>",
        "<style>.c p{font-size:14px}</style><div style='font-size:0'>x</div>",
        "<font color=white>x</font>",
        "<span style='color:#fff'>x</span>",
        "<span style='color:#fefefe'>x</span>",
        "<div style='background:#123456;color:rgb(18,52,86)'>x</div>",
        "<td bgcolor=red><font color='#ff0000'>x</font></td>",
        "<p hidden>x</p>",
        "<style>.pre{display:none}</style><p class='a pre'>x</p>",
        "<p class=pre>x</p><style>.PRE , b {display:none}</style>",
        "<style>#pre{font-size:0px}</style><p id=pre>x</p>",
        "<div style='text-indent:-9999px'>x</div>",
        "<template>x</template>",
        "<p style=display&#58;none>x</p>",
        "<div style='display:none'><div style='display:block'>x</div></div>",
        "<p style='/**/display:/*a*/none'>x</p>"}) {
    CAPTURE(hidden);
    const text::Html html = text::from_html(std::string("A") + std::string(hidden) + "B");
    CHECK(html.text.utf8.find('x') == std::string::npos);
    CHECK(html.text.utf8.find('A') != std::string::npos);
    CHECK(html.text.utf8.find('B') != std::string::npos);
    CHECK(has(html, Finding::kHiddenText));
  }
}

TEST_CASE("html: text that is seen stays, whatever surrounds it") {
  for (const std::string_view visible :
       {"<td style='font-size:0'><div style='font-size:14px'>x</div></td>",
        "<div style='visibility:hidden'><b style='visibility:visible'>x</b></div>",
        "<table><tr><td bgcolor=#000000><font color=white>x</font></td></tr></table>",
        "<div style='background:url(a.png)'><font color=white>x</font></div>",
        "<style>@media screen{.m{display:none}}</style><p class=m>x</p>",
        "<style>.btn td{background:#00f}</style><table class=btn><tr><td style='color:#fff'>x</table>",
        "<div style='mso-hide:all'>x</div>",
        "<style>.o{mso-hide:all}</style><span class=o>x</span>",
        "<style>div#h{background:#036}</style><div id=h><p style='color:#fff'>x</p></div>",
        "<style>@media screen{.h{background:#036}} .h p{color:#fff}</style><div class=h>"
        "<p style='color:#ffffff'>x</p></div>",
        "<style>#w td{background:#036}</style><table id=w><tr><td><font color='#ffffff'>x</table>",
        "<style>body div{background:#036}</style><div><span style='color:white'>x</span></div>",
        "<style>.a *{background:#036}</style><i class=a><b style='color:white'>x</b></i>",
        "<style>td[class=a]{background:#036}</style><table><tr><td class=a style='color:white'>x</table>",
        "<style>.s\\:a{background:#036}</style><p style='color:white'>x</p>",
        "<style>.a{.b{background:#036}}</style><p class=b style='color:white'>x</p>",
        "<style>@media a{@media b{@media c{@media d{@media e{p{background:#036}}}}}}</style>"
        "<p style='color:white'>x</p>",
        "<style>.h{background:#036!important}</style><p class=h style='background:#fff;color:#fff'>x</p>",
        "<style>.a .b{opacity:1} .b{opacity:0}</style><p class=b>x</p>",
        "<style>.a .b{display:block} .b{display:none}</style><p class=b>x</p>",
        "<style media=print>p{display:none}</style><p>x</p>",
        "<style>@media screen and (max-width:600px){p{background:#036}}</style><p style='color:#fff'>x</p>",
        "<div style='background-color:rgba(0,51,102,1)'><p style='color:#fff'>x</p></div>",
        "<div style='background-color:rgba(0,0,0,.5)'><p style='color:#000'>x</p></div>",
        "<div style='background-color:rgba(0,51,102,.5)'><p style='color:#fff'>x</p></div>",
        "<div style='background-image:url(a.png);background-color:#fff'><p style='color:#fff'>x</p></div>",
        "<div style='color:#fff'><b style='color:darkred'>x</b></div>",
        "<font color=white><font color=crimson>x</font></font>",
        "<div style='position:absolute;color:#fff'>x</div>",
        "<b "
        "style='background:linear-gradient(red,blue);-webkit-background-clip:text;color:transparent'>x</b>",
        "<style>.c p{font-size:14px}</style><div class=c style='font-size:0'><p>x</p></div>",
        "<style>.b{background-color:#00f;color:#fff}</style><p class=b>x</p>",
        "<a href=https://e.example/ style='mso-hide:all'>x</a>",
        "<!--[if !mso]><!-->x<!--<![endif]-->",
        "<![if !mso]>x<![endif]>",
        "<noscript>x</noscript>",
        "<div style='color:#ffffff;background-color:#0000ff'>x</div>",
        "<p style='display:block'>x</p>",
        "<body bgcolor=black text=white>x",
        "<style>td b {color:#fff} .d{background:#000}</style><p class=d>x</p>",
        "<div style='height:0'>x</div>",
        "<body bgcolor=black text=white><font color=#ffffff>x",
        "<a style='display:inline-block'>x</a>"}) {
    CAPTURE(visible);
    const text::Html html = text::from_html(std::string("A") + std::string(visible) + "B");
    CHECK(html.text.utf8.find('x') != std::string::npos);
    CHECK_FALSE(has(html, Finding::kHiddenText));
  }
  CHECK_FALSE(
      has(text::from_html("<div style='display:none'>&nbsp;&zwnj; &#847;</div>a"), Finding::kHiddenText));
}

TEST_CASE("html: what an unclosed construct swallows is told, not lost in silence") {
  for (const std::string_view tail :
       {"<style>secret", "<script>secret", "<!-- secret", "<title>secret", "<a href='secret", "<p secret"}) {
    CAPTURE(tail);
    const text::Html html = text::from_html(std::string("shown ") + std::string(tail));
    CHECK(html.text.utf8 == "shown\n");
    CHECK(has(html, Finding::kHiddenText));
  }
  CHECK(shown("a<textarea>secret") == "asecret\n");
  CHECK(shown("a <b") == "a\n");
  CHECK(shown("a < b <3 c") == "a < b <3 c\n");
  CHECK(shown("<![CDATA[kept]]>") == "kept\n");
}

TEST_CASE("html: scripts, forms, remote things are told and gone") {
  const text::Html html = text::from_html(
      "<head><title>t</title><script>s()</script><link rel=stylesheet href=https://x.example/a.css></head>"
      "<form action=https://x.example>名前 <input name=a value=v><select><option>甲<option>乙</select><input "
      "type=submit value=送信></form>"
      "<iframe src=https://x.example>f</iframe><object data=x.swf>代替</object><img src=//x.example/a.png "
      "width=1 height=1>");
  CHECK(html.text.utf8 == "名前\n甲\n乙\n[送信]\n代替\n");
  for (const Finding finding :
       {Finding::kScriptRemoved, Finding::kFormRemoved, Finding::kRemoteContent, Finding::kHiddenText})
    CHECK(has(html, finding));
  CHECK(has(text::from_html("<p onclick='x()'>a"), Finding::kScriptRemoved));
  CHECK(has(text::from_html("<td background=http://x.example/a.png>a"), Finding::kRemoteContent));
  CHECK(
      has(text::from_html("<p style='background:url( \"https://x.example/a\")'>a"), Finding::kRemoteContent));
  CHECK_FALSE(has(text::from_html("<img src=cid:a@b>"), Finding::kRemoteContent));
}

TEST_CASE("html: images are marked at their place") {
  const text::Html html = text::from_html(
      "図1: <img src='cid:a%40b' alt='地図'>と<img src=https://x.example/b.png><img src=cid:s width=1>&#26;");
  CHECK(html.text.utf8 ==
        "図1: \x1a"
        "0\x1aと\x1a"
        "1\x1a\n");
  REQUIRE(html.images.size() == 3);
  CHECK(html.images[0].cid == "a%40b");
  CHECK(html.images[0].alt == "地図");
  CHECK_FALSE(html.images[0].remote);
  CHECK(html.images[1].remote);
  CHECK(html.images[2].spacer);
  CHECK(shown("<a href=https://e.example/><img src=cid:a></a>") ==
        "\x1a"
        "0\x1a <https://e.example/>\n");
}

TEST_CASE("html: nesting of any depth loses no text") {
  for (const std::string_view tag :
       {"<div>", "<table><tr><td>", "<b>", "<blockquote>", "<ul><li>", "<span style='color:red'>",
        "<a href=x>", "<ol>", "<td>", "<font>", "<x-y>"}) {
    CAPTURE(tag);
    for (const std::size_t depth :
         {limits::kHtmlDepth - 1, limits::kHtmlDepth, limits::kHtmlDepth + 1, std::size_t{20000}}) {
      const std::string end = "</" + std::string(tag.substr(1, tag.find_first_of(" >") - 1)) + ">";
      const std::string html = "前" + repeated(tag, depth) + "中" + repeated(end, depth) + "後";
      const std::string out = shown(html);
      CHECK(out.find("前") != std::string::npos);
      CHECK(out.find("中") != std::string::npos);
      CHECK(out.find("後") != std::string::npos);
    }
  }
}

TEST_CASE("html: what closes too deep an element does not close another") {
  const std::string deep = repeated("<i>", limits::kHtmlDepth);
  CHECK(shown("<div>" + deep + "<div hidden>a</div>b").find('b') != std::string::npos);
  CHECK(shown("<p hidden>a<b>x</p>y") == "y\n");
  CHECK(shown("<span style=display:none>a<p>b</span>c</p></span>d") == "d\n");
  CHECK(shown("<table><tr><td>a</div></b></p>b</td></tr></table>c").find('c') != std::string::npos);
}

TEST_CASE("html: the declared charset is found") {
  CHECK(text::html_charset("<html><head><meta charset=\"Shift_JIS\">") == "shift-jis");
  CHECK(text::html_charset("<META HTTP-EQUIV=Content-Type content='text/html; charset=iso-2022-jp'>") ==
        "iso-2022-jp");
  CHECK(text::html_charset("<?xml version=\"1.0\" encoding='EUC-JP'?><html>") == "euc-jp");
  CHECK(text::html_charset("\xef\xbb\xbf<html>") == "utf-8");
  CHECK(text::html_charset("<!-- <meta charset=x> --><p>") == "");
  CHECK(text::html_charset(std::string(5000, ' ') + "<meta charset=x>") == "");
}

TEST_CASE("html: an attribute that is too long is cut between characters") {
  for (std::size_t pad = 0; pad < 4; ++pad) {
    const std::string long_text = std::string(pad, 'a') + repeated("あ", 3000);
    const text::Html html = text::from_html("<img src=cid:" + long_text + " alt='" + long_text +
                                            "'><a href='https://x.example/" + long_text + "'>x</a>");
    REQUIRE(html.images.size() == 1);
    for (const std::string& value : {html.images[0].alt, html.images[0].cid, html.text.utf8}) {
      CHECK(value.size() > 1000);
      CHECK(value.size() < 8192);
      CHECK(text::decode(value, "utf-8").findings.empty());
    }
  }
}

TEST_CASE("html: a letter in a font of pictures becomes the picture") {
  check_all({
      {"<p><span style='font-family:Wingdings'>l</span>項目</p>", "・項目\n"},
      {"<span style='font-family:Wingdings'>l<span style='font:7.0pt \"Times New Roman\"'>&nbsp; "
       "</span></span>項目",
       "・ 項目\n"},
      {"<font face=Wingdings>&Oslash;</font>次", "・次\n"},
      {"よろしく<font face=\"Wingdings\">J</font>", "よろしく☺\n"},
      {"<span style='font-family:\"Wingdings 2\",serif'>P</span>", "・\n"},
      {"<span style='font-family:Wingdings'>\xc3\xbc</span>済", "✓済\n"},
      {"<span style='font-family:Symbol'>·</span>三", "・三\n"},
      {"<span style='font-family:Symbol'>\xef\x82\xb7</span>三", "・三\n"},
      {"10 <font face=Symbol>m</font>m", "10 μm\n"},
      {"<font face=Symbol>5</font>", "5\n"},
      {"<font face=Wingdings>words of a sender</font>", "words of a sender\n"},
      {"<font face=Wingdings>項</font>", "項\n"},
      {"<font face='Segoe UI Symbol'>l</font>", "l\n"},
  });
}

TEST_CASE("html: pictures within the HTML are marked and told") {
  const text::Html html = text::from_html("図 <img src='data:image/png;base64," + repeated("iVBORw0K", 40) +
                                          "'><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>");
  CHECK(html.text.utf8 ==
        "図 \x1a"
        "0\x1a\n");
  REQUIRE(html.images.size() == 2);
  CHECK(html.images[0].embedded);
  CHECK(html.images[1].spacer);
  CHECK(has(html, Finding::kRemoteContent));
}

TEST_CASE("html: cells that reach over rows and columns cost no more than their bound") {
  const std::string cell = "<td rowspan=99999 colspan=99999>a";
  const std::string out = shown("<table border=1>" + repeated("<tr>" + repeated(cell, 60), 60) + "</table>");
  CHECK(std::count(out.begin(), out.end(), 'a') == 3600);
  CHECK(out.size() < 3600 * 8);
}
