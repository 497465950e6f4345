// The token behind the `#` of a notice's link: taken out of the address bar before anything is shown, so that neither the history
// nor a copied address has it, and kept for this tab.
const kStored = "kiyome.door";
const kToken = /^#([A-Za-z0-9_-]{1,200})$/;

function remembered(): string {
  try {
    return sessionStorage.getItem(kStored) ?? "";
  } catch {
    return ""; // storage is forbidden: then a reload needs the link once more
  }
}

export function takeToken(): string {
  const [, token] = kToken.exec(location.hash) ?? [];
  if (token === undefined) return remembered();
  try {
    sessionStorage.setItem(kStored, token);
  } catch {
    // as above
  }
  history.replaceState(null, "", location.pathname);
  return token;
}
