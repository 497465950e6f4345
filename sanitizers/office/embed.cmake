# cmake -DOUT=… -DFILES=path;… -P embed.cmake: the files as one C++ source. A file registry/X stands at
# /office/registry/data/X on the stage, as LibreOffice expects of a layer of settings; warm/X at /office/warm/X.
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${file} octets HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," octets "${octets}")
  get_filename_component(name ${file} NAME)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  if(folder STREQUAL "registry")
    set(folder "registry/data")
  endif()
  string(APPEND arrays "constexpr char kFile${number}[] = {${octets}};\n")
  string(APPEND rows "    {\"/office/${folder}/${name}\", {kFile${number}, sizeof kFile${number}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "// Made by embed.cmake.\n#include \"sanitizers/office/own_files.h\"\n
namespace kiyome::sanitizer::office {\nnamespace {\n${arrays}}  // namespace\n
const std::vector<Stage::File> kOwnFiles = {\n${rows}};\n\n}  // namespace kiyome::sanitizer::office\n")
