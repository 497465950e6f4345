// Whether a writing request can come from a page of ours: what browsers say of its origin, and the CSRF
// token.
#pragma once

#include <string_view>

#include "service/http/http.h"

namespace kiyome::portal {

// False when a browser says that another site's page sent it (Sec-Fetch-Site, Origin). A program says
// neither.
bool from_our_page(const http::Request& request);

// In a time that does not depend on where they differ. Empty ones are never the same.
bool same_secret(std::string_view given, std::string_view ours);

}  // namespace kiyome::portal
