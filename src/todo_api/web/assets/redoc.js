// Starts ReDoc on the page's own OpenAPI document.
"use strict";

{
  const place = document.getElementById("redoc");
  const url = new URL(place.dataset.openapi, document.baseURI).href;
  const sans = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
  const mono = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
  const options = {
    nativeScrollbars: true,
    requiredPropsFirst: true,
    theme: {
      colors: { primary: { main: "#0f766e" } },
      rightPanel: { backgroundColor: "#1e293b" },
      codeBlock: { backgroundColor: "#0f172a" },
      sidebar: { backgroundColor: "#f8fafc" },
      typography: {
        fontFamily: sans,
        headings: { fontFamily: sans, fontWeight: "600" },
        code: { fontFamily: mono },
      },
    },
  };

  window.Redoc.init(url, options, place);
}
