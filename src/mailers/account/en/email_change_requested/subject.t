Your email address at {{ product }} is to be changed
