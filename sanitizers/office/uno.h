// The few lines that make UNO's C++ readable here. Include before any other header of UNO.
#pragma once

#include <com/sun/star/beans/PropertyValue.hpp>
#include <com/sun/star/uno/Any.hxx>
#include <com/sun/star/uno/Reference.hxx>
#include <com/sun/star/uno/Sequence.hxx>
#include <initializer_list>
#include <rtl/ustring.hxx>
#include <string_view>

namespace kiyome::sanitizer::office {

namespace css = com::sun::star;
namespace uno = com::sun::star::uno;

inline rtl::OUString ustring(std::string_view utf8) {
  return {utf8.data(), static_cast<sal_Int32>(utf8.size()), RTL_TEXTENCODING_UTF8};
}

inline css::beans::PropertyValue property(std::string_view name, const uno::Any& value) {
  css::beans::PropertyValue out;
  out.Name = ustring(name);
  out.Value = value;
  return out;
}

using Properties = uno::Sequence<css::beans::PropertyValue>;
inline Properties properties(std::initializer_list<css::beans::PropertyValue> list) {
  return {list.begin(), static_cast<sal_Int32>(list.size())};
}

// Whether the object has this interface: Reference<T>(object, UNO_QUERY) by a shorter name.
template <class Interface, class Object>
uno::Reference<Interface> as(const Object& object) {
  return uno::Reference<Interface>(object, uno::UNO_QUERY);
}

}  // namespace kiyome::sanitizer::office
