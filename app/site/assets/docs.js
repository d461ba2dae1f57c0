// A script of its own, because the page's policy allows none inside the page.
window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#operations",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    validatorUrl: null,
  });
});
