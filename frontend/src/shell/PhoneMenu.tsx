// On a narrow screen the links of the header are in a menu.

import { ActionIcon, Menu } from "@mantine/core";
import { IconAdjustments, IconApi, IconLogout, IconMenu2 } from "@tabler/icons-react";

import { page } from "../page";

import classes from "./Header.module.css";
import { pages } from "./pages";
import { SIGN_OUT_FORM } from "./SignOutForm";

export function PhoneMenu() {
  const submit = () => (document.getElementById(SIGN_OUT_FORM) as HTMLFormElement | null)?.requestSubmit();
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon className={classes.phone} variant="subtle" color="gray" size="lg" aria-label="Menu">
          <IconMenu2 size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {pages.map(({ path, label, icon: Icon }) => (
          <Menu.Item key={path} component="a" href={path} leftSection={<Icon size={16} />}>
            {label}
          </Menu.Item>
        ))}
        <Menu.Item component="a" href={page.adminUrl} leftSection={<IconAdjustments size={16} />}>
          Configure
        </Menu.Item>
        <Menu.Item component="a" href={page.apiDocsUrl} leftSection={<IconApi size={16} />}>
          API docs
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={submit}>
          Sign out {page.user}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
