Your email address at {{ product }} was changed
