// The frame around every page: the way past the header, the header, the page itself, and the footer.

import { Footer } from "./Footer";
import { Header } from "./Header";
import { pageAt } from "./pages";
import classes from "./Shell.module.css";

export function Shell() {
  const { component: Page } = pageAt(location.pathname);
  return (
    <>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" className={classes.main} tabIndex={-1}>
        <Page />
      </main>
      <Footer />
    </>
  );
}
