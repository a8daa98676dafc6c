// Starts Swagger UI on the page's own OpenAPI document.
"use strict";

{
  const place = document.getElementById("swagger-ui");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  paint();
  dark.addEventListener("change", paint);

  // Swagger UI keeps what Authorize was given in localStorage, for ever. Given sessionStorage under that name,
  // it survives a reload and ends with the tab.
  Object.defineProperty(window, "localStorage", { value: window.sessionStorage });

  // A browser must not offer yesterday's token in a list of what was typed before.
  const quiet = (Input, system) => (props) =>
    system.React.createElement(Input, { ...props, autoComplete: "off", spellCheck: false });

  // Opens #/tag/operation as Swagger UI does, which however logs an error for each operation with "_" in its name.
  const open = (_original, system) => (hash) => {
    const key = system.layoutSelectors.isShownKeyFromUrlHashArray(hash.replace(/^#!?\/?/, "").split("/"));
    if (key.length === 0) {
      return;
    }
    if (key[0] === "operations") {
      system.layoutActions.show(["operations-tag", key[1]], true);
    }
    system.layoutActions.show(key, true);
    system.layoutActions.scrollTo(key);
    system.layoutActions.scrollToVirtualizedOperation(key);
  };

  window.SwaggerUIBundle({
    domNode: place,
    url: new URL(place.dataset.openapi, document.baseURI).href,
    plugins: [
      () => ({
        wrapComponents: { Input: quiet },
        statePlugins: { layout: { wrapActions: { parseDeepLinkHash: open } } },
      }),
    ],
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    // Both would send this page's address to swagger.io or take settings from a link.
    validatorUrl: null,
    queryConfigEnabled: false,
  });
}
