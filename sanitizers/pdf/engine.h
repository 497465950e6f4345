// The engine: PDFium, from the library that Debian's libreoffice-core-nogui brings. Debian packages no header
// for it, so the few functions of its stable C interface (fpdfview.h, fpdf_text.h, fpdf_annot.h …, BSD
// licence) are declared here. Nothing else of this room knows where they come from: another build of PDFium
// replaces this one by changing engine.cpp.
// The engine is taken for conquered as soon as it has seen a document: what it tells is checked where it is
// used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>

namespace kiyome::sanitizer::pdf {

struct FpdfDocument;
struct FpdfPage;
struct FpdfBitmap;
struct FpdfForm;
struct FpdfTextPage;
struct FpdfAnnotation;
struct FpdfLink;
struct FpdfPageObject;
struct FpdfSegment;

struct FpdfRect {  // FS_RECTF
  float left, top, right, bottom;
};
struct FpdfSize {  // FS_SIZEF, in points
  float width, height;
};
struct FpdfMatrix {  // FS_MATRIX
  float a, b, c, d, e, f;
};

// FPDF_SYSFONTINFO, version 1: how the engine asks for fonts that a document names but does not bring.
struct FpdfFontSource {
  int version;
  void (*release)(FpdfFontSource*);
  void (*enumerate)(FpdfFontSource*, void* mapper);
  void* (*map_font)(FpdfFontSource*, int weight, int italic, int charset, int pitch_family, const char* face,
                    int* exact);
  void* (*get_font)(FpdfFontSource*, const char* face);
  unsigned long (*get_font_data)(FpdfFontSource*, void* font, unsigned table, unsigned char* buffer,
                                 unsigned long size);
  unsigned long (*get_face_name)(FpdfFontSource*, void* font, char* buffer, unsigned long size);
  int (*get_font_charset)(FpdfFontSource*, void* font);
  void (*delete_font)(FpdfFontSource*, void* font);
};

// FPDF_FORMFILLINFO, version 1, and room behind it, all zero, should an engine look at later fields.
struct FpdfFormInfo {
  struct SystemTime {
    unsigned short parts[8];
  };
  int version;
  void (*release)(FpdfFormInfo*);
  void (*invalidate)(FpdfFormInfo*, FpdfPage*, double, double, double, double);
  void (*output_selected_rect)(FpdfFormInfo*, FpdfPage*, double, double, double, double);
  void (*set_cursor)(FpdfFormInfo*, int);
  int (*set_timer)(FpdfFormInfo*, int, void (*)(int));
  void (*kill_timer)(FpdfFormInfo*, int);
  SystemTime (*get_local_time)(FpdfFormInfo*);
  void (*on_change)(FpdfFormInfo*);
  FpdfPage* (*get_page)(FpdfFormInfo*, FpdfDocument*, int);
  FpdfPage* (*get_current_page)(FpdfFormInfo*, FpdfDocument*);
  int (*get_rotation)(FpdfFormInfo*, FpdfPage*);
  void (*execute_named_action)(FpdfFormInfo*, const char*);
  void (*set_text_field_focus)(FpdfFormInfo*, const unsigned short*, unsigned long, int);
  void (*do_uri_action)(FpdfFormInfo*, const char*);
  void (*do_go_to_action)(FpdfFormInfo*, int, int, float*, int);
  void* javascript;  // none: no script can run
  void* later[32];
};

constexpr unsigned long kFpdfPasswordError = 4;  // FPDF_ERR_PASSWORD
constexpr unsigned long kFpdfSecurityError = 5;  // FPDF_ERR_SECURITY: an unknown kind of encryption

// What is used of the interface: F(result, name, parameters).
#define KIYOME_FPDF_FUNCTIONS(F)                                                                    \
  F(void, FPDF_InitLibrary, ())                                                                     \
  F(void, FPDF_SetSystemFontInfo, (FpdfFontSource*))                                                \
  F(void, FSDK_SetTimeFunction, (long (*)()))                                                       \
  F(void, FSDK_SetLocaltimeFunction, (tm * (*)(const long*)))                                       \
  F(FpdfDocument*, FPDF_LoadMemDocument64, (const void*, std::size_t, const char*))                 \
  F(unsigned long, FPDF_GetLastError, ())                                                           \
  F(void, FPDF_CloseDocument, (FpdfDocument*))                                                      \
  F(int, FPDF_GetPageCount, (FpdfDocument*))                                                        \
  F(int, FPDF_GetPageSizeByIndexF, (FpdfDocument*, int, FpdfSize*))                                 \
  F(unsigned long, FPDF_GetMetaText, (FpdfDocument*, const char*, void*, unsigned long))            \
  F(int, FPDFDoc_GetAttachmentCount, (FpdfDocument*))                                               \
  F(int, FPDF_GetSignatureCount, (FpdfDocument*))                                                   \
  F(int, FPDF_GetFormType, (FpdfDocument*))                                                         \
  F(FpdfForm*, FPDFDOC_InitFormFillEnvironment, (FpdfDocument*, FpdfFormInfo*))                     \
  F(void, FPDFDOC_ExitFormFillEnvironment, (FpdfForm*))                                             \
  F(void, FPDF_RemoveFormFieldHighlight, (FpdfForm*))                                               \
  F(void, FORM_OnAfterLoadPage, (FpdfPage*, FpdfForm*))                                             \
  F(void, FORM_OnBeforeClosePage, (FpdfPage*, FpdfForm*))                                           \
  F(void, FPDF_FFLDraw, (FpdfForm*, FpdfBitmap*, FpdfPage*, int, int, int, int, int, int))          \
  F(FpdfPage*, FPDF_LoadPage, (FpdfDocument*, int))                                                 \
  F(void, FPDF_ClosePage, (FpdfPage*))                                                              \
  F(float, FPDF_GetPageWidthF, (FpdfPage*))                                                         \
  F(float, FPDF_GetPageHeightF, (FpdfPage*))                                                        \
  F(int, FPDF_DeviceToPage, (FpdfPage*, int, int, int, int, int, int, int, double*, double*))       \
  F(int, FPDFPage_GetAnnotCount, (FpdfPage*))                                                       \
  F(FpdfAnnotation*, FPDFPage_GetAnnot, (FpdfPage*, int))                                           \
  F(int, FPDFAnnot_GetSubtype, (FpdfAnnotation*))                                                   \
  F(int, FPDFAnnot_HasKey, (FpdfAnnotation*, const char*))                                          \
  F(void, FPDFPage_CloseAnnot, (FpdfAnnotation*))                                                   \
  F(int, FPDFPage_Flatten, (FpdfPage*, int))                                                        \
  F(FpdfBitmap*, FPDFBitmap_CreateEx, (int, int, int, void*, int))                                  \
  F(void, FPDFBitmap_Destroy, (FpdfBitmap*))                                                        \
  F(int, FPDFPage_CountObjects, (FpdfPage*))                                                        \
  F(FpdfPageObject*, FPDFPage_GetObject, (FpdfPage*, int))                                          \
  F(int, FPDFPage_GetRotation, (FpdfPage*))                                                         \
  F(int, FPDFPageObj_GetType, (FpdfPageObject*))                                                    \
  F(void, FPDFPageObj_Transform, (FpdfPageObject*, double, double, double, double, double, double)) \
  F(int, FPDFPath_CountSegments, (FpdfPageObject*))                                                 \
  F(FpdfSegment*, FPDFPath_GetPathSegment, (FpdfPageObject*, int))                                  \
  F(int, FPDFPathSegment_GetType, (FpdfSegment*))                                                   \
  F(int, FPDFPathSegment_GetPoint, (FpdfSegment*, float*, float*))                                  \
  F(void, FPDF_RenderPageBitmap, (FpdfBitmap*, FpdfPage*, int, int, int, int, int, int))            \
  F(void, FPDF_RenderPageBitmapWithMatrix,                                                          \
    (FpdfBitmap*, FpdfPage*, const FpdfMatrix*, const FpdfRect*, int))                              \
  F(FpdfTextPage*, FPDFText_LoadPage, (FpdfPage*))                                                  \
  F(void, FPDFText_ClosePage, (FpdfTextPage*))                                                      \
  F(int, FPDFText_CountChars, (FpdfTextPage*))                                                      \
  F(unsigned, FPDFText_GetUnicode, (FpdfTextPage*, int))                                            \
  F(double, FPDFText_GetFontSize, (FpdfTextPage*, int))                                             \
  F(int, FPDFText_GetTextRenderMode, (FpdfTextPage*, int))                                          \
  F(int, FPDFText_GetMatrix, (FpdfTextPage*, int, FpdfMatrix*))                                     \
  F(int, FPDFText_GetCharOrigin, (FpdfTextPage*, int, double*, double*))                            \
  F(int, FPDFText_GetCharBox, (FpdfTextPage*, int, double*, double*, double*, double*))             \
  F(int, FPDFText_GetLooseCharBox, (FpdfTextPage*, int, FpdfRect*))

struct Engine {
#define KIYOME_FPDF_MEMBER(result, name, parameters) result(*name) parameters = nullptr;
  KIYOME_FPDF_FUNCTIONS(KIYOME_FPDF_MEMBER)
#undef KIYOME_FPDF_MEMBER
};

// Loads the library and gives it a clock that stands still, so that it never asks for the machine's time
// zone. Before confinement, once. Throws std::runtime_error when the library or one of its functions is not
// there.
void load_engine();

// After load_engine(). One for the process, as PDFium itself keeps its state in one place.
const Engine& engine();

}  // namespace kiyome::sanitizer::pdf
