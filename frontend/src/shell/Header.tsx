// The bar on top: where you are, whether the page is live, and the ways elsewhere.

import { IconAdjustments, IconApi, IconLogout } from "@tabler/icons-react";

import { page } from "../page";

import { ConnectionState } from "./ConnectionState";
import classes from "./Header.module.css";
import { Logo } from "./Logo";
import { pageAt, pages } from "./pages";
import { PhoneMenu } from "./PhoneMenu";
import { SIGN_OUT_FORM, SignOutForm } from "./SignOutForm";
import { ThemeToggle } from "./ThemeToggle";

export function Header() {
  return (
    <header className={classes.header}>
      <Logo />
      <Navigation />
      <ConnectionState />
      <div className={classes.tools}>
        <a className={`${classes.item} ${classes.wide}`} href={page.adminUrl}>
          <IconAdjustments size={17} aria-hidden /> Configure
        </a>
        <a className={`${classes.item} ${classes.wide}`} href={page.apiDocsUrl}>
          <IconApi size={19} aria-hidden /> API docs
        </a>
        <ThemeToggle />
        <button className={`${classes.item} ${classes.wide}`} type="submit" form={SIGN_OUT_FORM} title={page.user && `Signed in as ${page.user}`}>
          <IconLogout size={17} aria-hidden /> Sign out
        </button>
        <PhoneMenu />
      </div>
      <SignOutForm />
    </header>
  );
}

function Navigation() {
  const current = pageAt(location.pathname);
  return (
    <nav className={classes.nav} aria-label="Pages">
      {pages.map(({ path, label, icon: Icon }) => (
        <a key={path} className={classes.item} href={path} aria-current={path === current.path ? "page" : undefined}>
          <Icon size={17} aria-hidden /> {label}
        </a>
      ))}
    </nav>
  );
}
