// All of it in one process and in this order: who enrolled in one test signs in with that in the next.
import { after } from "node:test";
import { closeBrowser } from "./browser.mjs";
import "./sign_in_test.mjs";
import "./drop_box_test.mjs";
import "./pick_up_test.mjs";
import "./invitation_test.mjs";
import "./console_test.mjs";
import "./console_office_test.mjs";
import "./console_appearance_test.mjs";
import "./door_test.mjs";
import "./appearance_test.mjs";

after(closeBrowser);
