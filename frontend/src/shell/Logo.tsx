// The mark: two sockets and a patch cable.

import classes from "./Header.module.css";

export function Logo() {
  return (
    <span className={classes.logo}>
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#17242b" />
        <path d="M9 11c0 13 14 -3 14 10" fill="none" stroke="#f2a541" strokeWidth="3" strokeLinecap="round" />
        <circle cx="9" cy="10" r="3.6" fill="#2bb3a3" />
        <circle cx="23" cy="22" r="3.6" fill="#2bb3a3" />
        <circle cx="23" cy="10" r="3" fill="none" stroke="#5d7480" strokeWidth="1.6" />
        <circle cx="9" cy="22" r="3" fill="none" stroke="#5d7480" strokeWidth="1.6" />
      </svg>
      Patchbay
    </span>
  );
}
